/* SPDX-License-Identifier: MIT */
/* The credentials of cr-restore, and the names of capabilities. */
#include "restorer/task/own_credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"

#define CAPABILITIES_MAX 64
#define INVALID_ID (-1)
#define NUMBER_TEXT_MAX 32

static int ids_read(struct own_credentials *own)
{
	if (getresuid(&own->uids[0], &own->uids[1], &own->uids[2]) < 0 ||
	    getresgid(&own->gids[0], &own->gids[1], &own->gids[2]) < 0)
		return -errno;
	/* Setting one that is not valid changes nothing and tells the current one. */
	own->uids[3] = (uid_t)setfsuid((uid_t)INVALID_ID);
	own->gids[3] = (gid_t)setfsgid((gid_t)INVALID_ID);
	return 0;
}

static int groups_read(struct own_credentials *own)
{
	int count = getgroups(0, NULL);

	if (count < 0)
		return -errno;
	if (count == 0)
		return 0;
	own->groups = calloc((size_t)count, sizeof(*own->groups));
	if (!own->groups)
		return -ENOMEM;
	count = getgroups(count, own->groups);
	if (count < 0)
		return -errno;
	own->groups_count = (size_t)count;
	return 0;
}

static int capabilities_read(struct own_credentials *own)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	own->permitted = (uint64_t)data[1].permitted << 32 | data[0].permitted;
	own->effective = (uint64_t)data[1].effective << 32 | data[0].effective;
	own->inheritable = (uint64_t)data[1].inheritable << 32 | data[0].inheritable;
	for (unsigned i = 0; i < CAPABILITIES_MAX; i++) {
		int is_bounding = prctl(PR_CAPBSET_READ, i, 0, 0, 0);

		if (is_bounding < 0) /* past the last that the kernel knows */
			break;
		own->bounding |= (uint64_t)is_bounding << i;
		/* An ambient one is permitted and inheritable as well. */
		if ((own->permitted & own->inheritable) >> i & 1 &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0, 0) == 1)
			own->ambient |= UINT64_C(1) << i;
	}
	return 0;
}

/* Of a file that an older kernel, or one made without it, lacks. */
static long number_read(const char *path, long otherwise)
{
	cleanup_free char *text = NULL;

	return file_read_at(AT_FDCWD, path, NUMBER_TEXT_MAX, &text, NULL) < 0 ? otherwise
									      : strtol(text, NULL, 10);
}

int own_credentials_read(struct own_credentials *ret)
{
	struct own_credentials own = {0};
	int securebits, r = ids_read(&own);

	if (r == 0)
		r = groups_read(&own);
	if (r == 0)
		r = capabilities_read(&own);
	securebits = prctl(PR_GET_SECUREBITS);
	if (r == 0 && securebits < 0)
		r = -errno;
	if (r < 0) {
		own_credentials_done(&own);
		return r;
	}
	own.securebits = (uint32_t)securebits;
	own.no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) > 0;
	own.login_uid = (uint32_t)number_read("/proc/thread-self/loginuid", LOGIN_UID_NONE);
	own.oom_score_adj = (int)number_read("/proc/self/oom_score_adj", 0);
	*ret = own;
	return 0;
}

void own_credentials_done(struct own_credentials *own)
{
	free(own->groups);
	own->groups = NULL;
}

static const char *const capability_names[CAPABILITIES_MAX] = {
	[CAP_CHOWN] = "CAP_CHOWN",
	[CAP_DAC_OVERRIDE] = "CAP_DAC_OVERRIDE",
	[CAP_DAC_READ_SEARCH] = "CAP_DAC_READ_SEARCH",
	[CAP_FOWNER] = "CAP_FOWNER",
	[CAP_FSETID] = "CAP_FSETID",
	[CAP_KILL] = "CAP_KILL",
	[CAP_SETGID] = "CAP_SETGID",
	[CAP_SETUID] = "CAP_SETUID",
	[CAP_SETPCAP] = "CAP_SETPCAP",
	[CAP_LINUX_IMMUTABLE] = "CAP_LINUX_IMMUTABLE",
	[CAP_NET_BIND_SERVICE] = "CAP_NET_BIND_SERVICE",
	[CAP_NET_BROADCAST] = "CAP_NET_BROADCAST",
	[CAP_NET_ADMIN] = "CAP_NET_ADMIN",
	[CAP_NET_RAW] = "CAP_NET_RAW",
	[CAP_IPC_LOCK] = "CAP_IPC_LOCK",
	[CAP_IPC_OWNER] = "CAP_IPC_OWNER",
	[CAP_SYS_MODULE] = "CAP_SYS_MODULE",
	[CAP_SYS_RAWIO] = "CAP_SYS_RAWIO",
	[CAP_SYS_CHROOT] = "CAP_SYS_CHROOT",
	[CAP_SYS_PTRACE] = "CAP_SYS_PTRACE",
	[CAP_SYS_PACCT] = "CAP_SYS_PACCT",
	[CAP_SYS_ADMIN] = "CAP_SYS_ADMIN",
	[CAP_SYS_BOOT] = "CAP_SYS_BOOT",
	[CAP_SYS_NICE] = "CAP_SYS_NICE",
	[CAP_SYS_RESOURCE] = "CAP_SYS_RESOURCE",
	[CAP_SYS_TIME] = "CAP_SYS_TIME",
	[CAP_SYS_TTY_CONFIG] = "CAP_SYS_TTY_CONFIG",
	[CAP_MKNOD] = "CAP_MKNOD",
	[CAP_LEASE] = "CAP_LEASE",
	[CAP_AUDIT_WRITE] = "CAP_AUDIT_WRITE",
	[CAP_AUDIT_CONTROL] = "CAP_AUDIT_CONTROL",
	[CAP_SETFCAP] = "CAP_SETFCAP",
	[CAP_MAC_OVERRIDE] = "CAP_MAC_OVERRIDE",
	[CAP_MAC_ADMIN] = "CAP_MAC_ADMIN",
	[CAP_SYSLOG] = "CAP_SYSLOG",
	[CAP_WAKE_ALARM] = "CAP_WAKE_ALARM",
	[CAP_BLOCK_SUSPEND] = "CAP_BLOCK_SUSPEND",
	[CAP_AUDIT_READ] = "CAP_AUDIT_READ",
	[CAP_PERFMON] = "CAP_PERFMON",
	[CAP_BPF] = "CAP_BPF",
	[CAP_CHECKPOINT_RESTORE] = "CAP_CHECKPOINT_RESTORE",
};

char *capabilities_format(uint64_t set)
{
	cleanup_free char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return NULL;
	for (unsigned i = 0; i < CAPABILITIES_MAX; i++) {
		const char *separator = set & ((UINT64_C(1) << i) - 1) ? ", " : "";

		if (!(set >> i & 1))
			continue;
		if (capability_names[i])
			fprintf(stream, "%s%s", separator, capability_names[i]);
		else
			fprintf(stream, "%scapability %u", separator, i);
	}
	return fclose(stream) == 0 ? take_ptr(text) : NULL;
}
