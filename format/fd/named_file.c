/* SPDX-License-Identifier: MIT */
/* What a valid file that is opened by its path is. */
#include "format/fd/named_file.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

int named_file_check(const Cr__NamedFile *file, const char **ret_reason)
{
	if (!file->path || file->path[0] != '/') {
		*ret_reason = "its path is not absolute";
		return -EBADMSG;
	}
	if (strnlen(file->path, PATH_MAX) >= PATH_MAX) {
		*ret_reason = "its path is too long";
		return -EBADMSG;
	}
	if ((file->mode & S_IFMT) == 0 || file->mode & ~(uint32_t)(S_IFMT | 07777)) {
		*ret_reason = "its mode is not valid";
		return -EBADMSG;
	}
	if (file->maker_id != 0 && ((!S_ISSOCK(file->mode) && !S_ISCHR(file->mode)) || file->ghost_id != 0)) {
		*ret_reason = "it is no file that another open file could make";
		return -EBADMSG;
	}
	return 0;
}
