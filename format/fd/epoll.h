/* SPDX-License-Identifier: MIT */
/* What a valid epoll instance is. */
#pragma once

#include <stdbool.h>

#include "common/compiler.h"
#include "format/fd/epoll.pb-c.h"

/* What the kernel keeps of a target's events when it was reported once (EPOLLONESHOT). */
#define EPOLL_PRIVATE_EVENTS (EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE)

/* It has been reported once and tells nothing until it is armed anew (EPOLL_CTL_MOD). */
bool epoll_events_are_disabled(uint32_t events);

/* 0, or -EBADMSG and why in *ret_reason (static text). Whether the ids are there is not looked at. */
int must_check epoll_check(const Cr__Epoll *epoll, const char **ret_reason);
