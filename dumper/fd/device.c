/* SPDX-License-Identifier: MIT */
/* Character devices without a state of their own, at dump. */
#include <fcntl.h>
#include <sys/sysmacros.h>

#include "dumper/fd/named_file.h"

/*
 * The kernel's Documentation/admin-guide/devices.txt. What is opened here is as good as what was opened
 * there: all that they keep of an open file is its position. That of a file that reads the kernel's log is
 * not told, so it may only be written to.
 */
static const struct stateless_device {
	unsigned major_number, first, last; /* minors */
	bool is_write_only;
} stateless_devices[] = {
	{1, 1, 1, false},      /* mem */
	{1, 3, 5, false},      /* null, port, zero */
	{1, 7, 9, false},      /* full, random, urandom */
	{1, 11, 11, true},     /* kmsg */
	{7, 0, 191, false},    /* vcs, vcsu, vcsa: what stands on consoles */
	{10, 183, 183, false}, /* hwrng */
	{10, 232, 232, false}, /* kvm, which gives out descriptors that are refused */
	{10, 234, 235, false}, /* btrfs-control, autofs */
	{10, 237, 237, false}, /* loop-control */
	{202, 0, 4095, false}, /* cpu/N/msr */
	{203, 0, 4095, false}, /* cpu/N/cpuid */
};

static bool is_stateless(dev_t device, uint32_t flags)
{
	for (size_t i = 0; i < ARRAY_SIZE(stateless_devices); i++) {
		const struct stateless_device *known = &stateless_devices[i];

		if (major(device) == known->major_number && minor(device) >= known->first &&
		    minor(device) <= known->last)
			return !known->is_write_only || (flags & O_ACCMODE) == O_WRONLY;
	}
	return false;
}

static bool device_matches(const struct fd_info *info)
{
	return S_ISCHR(info->stat.st_mode) && is_stateless(info->stat.st_rdev, info->flags) &&
	       !(info->flags & O_PATH) && fd_info_has_path(info);
}

const struct fd_dumper device_fd_dumper = {
	.name = "device",
	.matches = device_matches,
	.collect = named_file_collect,
};
