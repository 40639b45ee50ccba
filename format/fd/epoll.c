/* SPDX-License-Identifier: MIT */
/* What a valid epoll instance is. */
#include "format/fd/epoll.h"

#include <errno.h>
#include <sys/epoll.h>

/* EPOLLEXCLUSIVE goes with these only. */
#define EXCLUSIVE_EVENTS (EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE)

bool epoll_events_are_disabled(uint32_t events)
{
	return (events & ~(uint32_t)EPOLL_PRIVATE_EVENTS) == 0;
}

static int refuse(const char *reason, const char **ret_reason)
{
	*ret_reason = reason;
	return -EBADMSG;
}

int epoll_check(const Cr__Epoll *epoll, const char **ret_reason)
{
	size_t count = epoll->n_numbers;

	if (epoll->n_events != count || epoll->n_data != count || epoll->n_open_file_ids != count)
		return refuse("its lists of targets differ in length", ret_reason);
	for (size_t i = 0; i < count; i++) {
		uint32_t events = epoll->events[i];

		if (epoll->numbers[i] > INT32_MAX)
			return refuse("a target's number is no descriptor", ret_reason);
		if (events & EPOLLEXCLUSIVE && events & ~(uint32_t)EXCLUSIVE_EVENTS)
			return refuse("a target has events that do not go with EPOLLEXCLUSIVE", ret_reason);
		if (epoll_events_are_disabled(events) && !(events & EPOLLONESHOT))
			return refuse("a target has no events and is no one-shot", ret_reason);
	}
	if (epoll->busy_poll_us > INT32_MAX || epoll->busy_poll_budget > UINT16_MAX)
		return refuse("its parameters of busy polling are not valid", ret_reason);
	return 0;
}
