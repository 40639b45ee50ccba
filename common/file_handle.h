/* SPDX-License-Identifier: MIT */
/*
 * Files that are found without a path: by the handle that their file system gives out for them
 * (name_to_handle_at(2)), which stays valid until the file is gone. Not all file systems have handles; to
 * open one takes CAP_DAC_READ_SEARCH.
 */
#pragma once

#include <stdint.h>

#include "common/compiler.h"

#define FILE_HANDLE_SIZE_MAX 128

struct file_handle_value {
	int type;
	size_t size;
	unsigned char bytes[FILE_HANDLE_SIZE_MAX];
};

/* Of the file behind FD, for which O_PATH will do. -EOPNOTSUPP if its file system has none. */
int must_check file_handle_read(int fd, struct file_handle_value *ret);

/*
 * Opens the file with FLAGS, O_* (O_CLOEXEC is added), on the mount that the directory MOUNT_POINT is of.
 * -ESTALE: there is no such file any more. The working directory of this process is another one for a moment:
 * to open a directory would be an event for whoever watches it (inotify(7)).
 */
int must_check file_handle_open(const char *mount_point, const struct file_handle_value *handle, int flags,
				int *ret_fd);

/* Which file system the file behind FD is of: f_fsid of statfs(2). Handles are of one of them alone. */
int must_check filesystem_id(int fd, uint64_t *ret_id);
