/* SPDX-License-Identifier: MIT */
/* What a valid file of the kernel's is. */
#include "format/fd/kernel_file.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "format/layout.h"

/* "/12", at the front of *TEXT, which is stepped on behind it. */
static bool skip_number(const char **text, pid_t *ret_number)
{
	const char *at = *text;
	pid_t number = 0;

	if (*at++ != '/' || *at < '1' || *at > '9')
		return false;
	for (; *at >= '0' && *at <= '9' && number < LAYOUT_PID_LIMIT; at++)
		number = number * 10 + (*at - '0');
	if ((*at != '/' && *at != '\0') || !layout_pid_is_valid(number))
		return false;
	*ret_number = number;
	*text = at;
	return true;
}

bool kernel_file_is_of_process(const char *path, pid_t *ret_pid, pid_t *ret_tid, const char **ret_rest)
{
	const char *at = path;
	pid_t pid, tid = 0;

	if (strncmp(at, "/proc", strlen("/proc")) != 0)
		return false;
	at += strlen("/proc");
	if (!skip_number(&at, &pid))
		return false;
	if (strncmp(at, "/task/", strlen("/task/")) == 0) {
		const char *task = at + strlen("/task");

		if (skip_number(&task, &tid))
			at = task;
	}
	*ret_pid = pid;
	*ret_tid = tid;
	*ret_rest = at;
	return true;
}

int kernel_file_check(const Cr__KernelFile *file, const char **ret_reason)
{
	const char *rest;
	pid_t pid, tid;

	if (file->path[0] != '/' || strnlen(file->path, PATH_MAX) >= PATH_MAX) {
		*ret_reason = "its path is not absolute, or too long";
		return -EBADMSG;
	}
	if ((file->mode & S_IFMT) == 0 || file->mode & ~(uint32_t)(S_IFMT | 07777)) {
		*ret_reason = "its mode is not valid";
		return -EBADMSG;
	}
	if ((file->is_gone || file->start_ticks) &&
	    (!kernel_file_is_of_process(file->path, &pid, &tid, &rest) ||
	     (file->is_gone && file->start_ticks))) {
		*ret_reason = "whose it was is not possible";
		return -EBADMSG;
	}
	return 0;
}
