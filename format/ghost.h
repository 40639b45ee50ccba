/* SPDX-License-Identifier: MIT */
/* What a valid file is that no path leads to. */
#pragma once

#include <linux/fs.h>
#include <stdbool.h>

#include "common/compiler.h"
#include "format/ghost.pb-c.h"

/* What /proc adds to a path whose name is gone. */
#define GHOST_LINK_SUFFIX " (deleted)"

/* The path of a memfd, in front of the name that memfd_create(2) was given; that is 249 bytes at most. */
/* What the kernel calls shared anonymous memory. */
#define GHOST_SHARED_MEMORY_PATH "/dev/zero"
#define GHOST_SHARED_MEMORY_HUGE_PATH "/anon_hugepage"

/* A segment of System V shared memory, and its key. */
#define GHOST_SYSV_FORMAT "/SYSV%08x"

#define GHOST_MEMFD_PREFIX "/memfd:"
#define GHOST_MEMFD_NAME_MAX 249

#define GHOST_PATHS_MAX 4096
#define GHOST_ATTRIBUTES_MAX 1024
#define GHOST_EXTENTS_MAX (1U << 20)

/* Of ioctl_iflags(2), those that a file can be given again: first those that must come before its contents.
 */
#define GHOST_FLAGS_EARLY ((uint32_t)(FS_COMPR_FL | FS_NOCOW_FL))
#define GHOST_FLAGS                                                                                          \
	(GHOST_FLAGS_EARLY | (uint32_t)(FS_SYNC_FL | FS_DIRSYNC_FL | FS_IMMUTABLE_FL | FS_APPEND_FL |        \
					FS_NODUMP_FL | FS_NOATIME_FL))

/* 0, or -EBADMSG and why in *ret_reason (static text). */
int must_check ghost_check(const Cr__Ghost *ghost, const char **ret_reason);

/* What it is and holds is in the archive. It is not if the file itself is still there, or is one of /proc. */
bool ghost_is_stored(const Cr__Ghost *ghost);

/* Bytes of the member ghost/ID. */
uint64_t ghost_contents_size(const Cr__Ghost *ghost);

/* Whether PATH is one of its paths; *ret_index, which may be NULL, says which. */
bool ghost_has_path(const Cr__Ghost *ghost, const char *path, size_t *ret_index);
