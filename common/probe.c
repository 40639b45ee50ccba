/* SPDX-License-Identifier: MIT */
/* What this kernel can do and what this process may do. */
#include "common/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/kcmp.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/uapi_pagemap.h"

/* Linux 6.15; many systems' headers are older. */
#define PROBE_PR_TIMER_CREATE_RESTORE_IDS 77
#define PROBE_PR_TIMER_CREATE_RESTORE_IDS_GET 2

static bool try_pagemap_scan(int fd, uint64_t mask)
{
	uint64_t page = sysconf(_SC_PAGESIZE);
	struct uapi_pagemap_scan argument = {
		.size = sizeof(argument),
		.start = page,
		.end = page * 2,
		.category_inverted = mask,
		.category_mask = mask,
	};

	return ioctl(fd, UAPI_PAGEMAP_SCAN, &argument) >= 0;
}

static void probe_pagemap(struct kernel_features *features)
{
	cleanup_close int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	features->has_pagemap_scan = try_pagemap_scan(fd, UAPI_PAGE_FILE);
	features->has_pagemap_guard = features->has_pagemap_scan && try_pagemap_scan(fd, UAPI_PAGE_GUARD);
}

/*
 * Asks for our own pid, which is taken: the kernel says EEXIST if we might have had it, EPERM if not. There
 * is no child in either case; CLONE_VM spares the copy of the address space that would come before the
 * answer.
 */
static void probe_set_tid(struct kernel_features *features)
{
	pid_t taken = getpid();
	struct clone_args arguments = {
		.flags = CLONE_VM | CLONE_VFORK,
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&taken,
		.set_tid_size = 1,
	};

	if (syscall(SYS_clone3, &arguments, sizeof(arguments)) >= 0)
		return;
	features->has_clone_set_tid = errno == EEXIST || errno == EPERM;
	features->may_clone_set_tid = errno == EEXIST;
}

static int probe_capabilities(uint64_t *ret_effective)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	*ret_effective = (uint64_t)data[1].effective << 32 | data[0].effective;
	return 0;
}

static void read_boot_id(char boot_id[37])
{
	cleanup_free char *text = NULL;
	size_t size;

	if (file_read_at(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 4096, &text, &size) < 0)
		return;
	snprintf(boot_id, 37, "%.36s", text);
	boot_id[strcspn(boot_id, "\n")] = '\0';
}

int kernel_probe(struct kernel_features *ret)
{
	struct kernel_features features = {.page_size = (uint64_t)sysconf(_SC_PAGESIZE)};
	struct utsname name;
	pid_t self = getpid();
	int r;

	if (uname(&name) < 0)
		return -errno;
	snprintf(features.release, sizeof(features.release), "%s", name.release);
	snprintf(features.machine, sizeof(features.machine), "%s", name.machine);
	read_boot_id(features.boot_id);
	r = probe_capabilities(&features.cap_effective);
	if (r < 0)
		return r;
	probe_pagemap(&features);
	probe_set_tid(&features);
	features.has_pidfd_getfd = syscall(SYS_pidfd_getfd, -1, 0, 0) < 0 && errno == EBADF;
	features.has_timer_restore_ids =
		prctl(PROBE_PR_TIMER_CREATE_RESTORE_IDS, PROBE_PR_TIMER_CREATE_RESTORE_IDS_GET, 0, 0, 0) >= 0;
	features.has_kcmp = syscall(SYS_kcmp, self, self, KCMP_VM, 0, 0) == 0;
	*ret = features;
	return 0;
}
