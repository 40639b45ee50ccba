/* SPDX-License-Identifier: MIT */
/* The mounts of a mount namespace: /proc/self/mountinfo (proc_pid_mountinfo(5)). */
#pragma once

#include <sys/types.h>

#include "common/compiler.h"

#define MOUNTINFO_TEXT_MAX (64 * 1024 * 1024)

/*
 * The device of the file system of mount MOUNT_ID, as in /proc/PID/fdinfo. For some file systems stat(2)
 * tells others (btrfs, overlayfs). -ENOENT if there is no such mount.
 */
int must_check mountinfo_find_device(const char *text, size_t size, uint64_t mount_id, unsigned *ret_major,
				     unsigned *ret_minor);
int must_check mountinfo_read_device(uint64_t mount_id, unsigned *ret_major, unsigned *ret_minor);
