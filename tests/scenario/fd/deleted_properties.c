/* SPDX-License-Identifier: MIT */
/* Owner, mode, access list, capabilities and flags of deleted files come back, also those that forbid to open
 * it so again. */
/* needs: root */
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "scenario.h"

/* rw- for the owner, r-- for user 1000, --- for the group, the mask r--, --- for others; acl(5) as the kernel
 * keeps it. */
static const unsigned char acl[] = {2, 0,   0,   0,   1,   0,   6,  0, 255, 255, 255, 255, 2,   0,  4,
				    0, 232, 3,   0,   0,   4,   0,  0, 0,   255, 255, 255, 255, 16, 0,
				    4, 0,   255, 255, 255, 255, 32, 0, 0,   0,   255, 255, 255, 255};
/* CAP_NET_RAW, effective: VFS_CAP_REVISION_2. */
static const unsigned char capability[20] = {1, 0, 0, 2, 0, 0x20};

static int make(const char *name)
{
	int fd = scenario_call(open(name, O_RDWR | O_CREAT | O_APPEND, 0600));

	scenario_check_equal(write(fd, "text", 4), 4);
	scenario_call(unlink(name));
	return fd;
}

static int flags_of(int fd)
{
	int flags = 0;

	return ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0 ? 0 : flags;
}

int main(void)
{
	int owned = make("owned"), listed = make("listed"), able = make("able"), fixed = make("fixed"), flags;
	bool has_acl = fsetxattr(listed, "system.posix_acl_access", acl, sizeof(acl), 0) == 0, has_flags;
	bool has_capability = fsetxattr(able, "security.capability", capability, sizeof(capability), 0) == 0;
	unsigned char value[64];
	struct stat before, after;

	scenario_call(fchown(owned, 65534, 12345));
	scenario_call(fchmod(owned, 06001));
	flags = flags_of(fixed) | FS_APPEND_FL | FS_NODUMP_FL;
	has_flags = ioctl(fixed, FS_IOC_SETFLAGS, &flags) == 0;
	flags = flags_of(fixed);
	scenario_call(fstat(listed, &before));
	scenario_checkpoint();
	scenario_call(fstat(owned, &after));
	scenario_check_equal(after.st_uid, 65534);
	scenario_check_equal(after.st_gid, 12345);
	scenario_check_equal(after.st_mode, S_IFREG | 06001);
	scenario_call(fstat(listed, &after));
	scenario_check_equal(after.st_mode, before.st_mode);
	if (has_acl)
		scenario_check(fgetxattr(listed, "system.posix_acl_access", value, sizeof(value)) ==
				       sizeof(acl) &&
			       memcmp(value, acl, sizeof(acl)) == 0);
	if (has_capability)
		scenario_check(fgetxattr(able, "security.capability", value, sizeof(value)) ==
				       sizeof(capability) &&
			       memcmp(value, capability, sizeof(capability)) == 0);
	scenario_check_equal(flags_of(fixed), flags);
	scenario_check_equal(write(fixed, "more", 4), 4);
	if (has_flags)
		scenario_check(fchmod(fixed, 0644) < 0 && errno == EPERM);
	scenario_pass();
}
