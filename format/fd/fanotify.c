/* SPDX-License-Identifier: MIT */
/* What a valid fanotify group is. */
#include "format/fd/fanotify.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

static const char *mark_reason(const Cr__FanotifyMark *mark)
{
	bool is_inode = mark->kind == CR__FANOTIFY_MARK_KIND__FANOTIFY_MARK_INODE;

	if ((unsigned)mark->kind > CR__FANOTIFY_MARK_KIND__FANOTIFY_MARK_FILESYSTEM)
		return "the kind of a mark is not known";
	if (mark->flags & ~FANOTIFY_MARK_FLAGS_KNOWN || (mark->mask | mark->ignored_mask) == 0)
		return "the flags or masks of a mark are not valid";
	if ((mark->path[0] == '\0') != (mark->open_file_id != 0) || (mark->open_file_id != 0 && !is_inode))
		return "a mark has no file, or two";
	if (mark->path[0] != '\0' && mark->path[0] != '/')
		return "the path of a mark is not absolute";
	if (strnlen(mark->path, PATH_MAX) >= PATH_MAX)
		return "the path of a mark is too long";
	if ((mark->mode & S_IFMT) == 0 || mark->mode & ~(uint32_t)(S_IFMT | 07777))
		return "the mode of a mark is not valid";
	return NULL;
}

int fanotify_check(const Cr__Fanotify *group, const char **ret_reason)
{
	const char *reason = group->flags & ~FANOTIFY_FLAGS_KNOWN ? "its flags are not known" : NULL;

	for (size_t i = 0; !reason && i < group->n_marks; i++)
		reason = mark_reason(group->marks[i]);
	if (!reason)
		return 0;
	*ret_reason = reason;
	return -EBADMSG;
}
