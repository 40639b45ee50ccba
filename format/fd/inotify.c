/* SPDX-License-Identifier: MIT */
/* What a valid inotify instance is. */
#include "format/fd/inotify.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

/* What inotify_add_watch(2) keeps; it tells of the events below IN_ALL_EVENTS. */
#define MASK (IN_ALL_EVENTS | IN_EXCL_UNLINK | IN_ONESHOT)

static const char *watch_reason(const Cr__InotifyWatch *watch)
{
	if ((watch->mask & IN_ALL_EVENTS) == 0 || watch->mask & ~(uint32_t)MASK)
		return "the mask of a watch is not valid";
	if ((watch->path[0] == '\0') != (watch->open_file_id != 0))
		return "a watch has no file, or two";
	if (watch->path[0] != '\0' && watch->path[0] != '/')
		return "the path of a watch is not absolute";
	if (strnlen(watch->path, PATH_MAX) >= PATH_MAX)
		return "the path of a watch is too long";
	if ((watch->mode & S_IFMT) == 0 || watch->mode & ~(uint32_t)(S_IFMT | 07777))
		return "the mode of a watch is not valid";
	return NULL;
}

int inotify_check(const Cr__Inotify *inotify, const char **ret_reason)
{
	int32_t last = 0;

	for (size_t i = 0; i < inotify->n_watches; i++) {
		const char *reason = watch_reason(inotify->watches[i]);

		if (!reason && inotify->watches[i]->wd <= last)
			reason = "its watches are not in order";
		if (reason) {
			*ret_reason = reason;
			return -EBADMSG;
		}
		last = inotify->watches[i]->wd;
	}
	return 0;
}
