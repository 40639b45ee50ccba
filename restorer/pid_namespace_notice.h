/* SPDX-License-Identifier: MIT */
/* What the two sides of --new-pid-ns tell each other: one packet each. */
#pragma once

#include <errno.h>
#include <sys/socket.h>

#include "common/compiler.h"

enum notice_kind {
	/* From inside. */
	NOTICE_TERMINAL, /* value: the number outside of the group that it is for; 0: that of who is outside
			  */
	NOTICE_RUNNING,
	NOTICE_STOPPED, /* value: the signal */
	NOTICE_ENDED,   /* value: the root's status, as of waitpid(2) */

	/* From outside. */
	NOTICE_TERMINAL_DONE, /* value: the result */
	NOTICE_CONTINUE,
	NOTICE_SIGNAL,       /* value: it */
	NOTICE_TYPED_SIGNAL, /* the same, and the whole group of who is outside got it from the kernel */
};

struct notice {
	enum notice_kind kind;
	int value;
};

static inline int must_check notice_send(int fd, enum notice_kind kind, int value)
{
	const struct notice notice = {.kind = kind, .value = value};

	return send(fd, &notice, sizeof(notice), MSG_NOSIGNAL) == sizeof(notice) ? 0 : -errno;
}

/* Waits for one. -ECONNRESET: the other side has ended. */
static inline int must_check notice_receive(int fd, struct notice *ret_notice)
{
	ssize_t size;

	do
		size = recv(fd, ret_notice, sizeof(*ret_notice), 0);
	while (size < 0 && errno == EINTR);
	if (size < 0)
		return -errno;
	return size == sizeof(*ret_notice) ? 0 : -ECONNRESET;
}
