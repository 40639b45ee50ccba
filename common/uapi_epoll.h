/* SPDX-License-Identifier: MIT */
/*
 * Busy polling of an epoll instance (ioctl_eventpoll(2), Linux 6.9). Stated here because the headers of many
 * systems are older than their kernel.
 */
#pragma once

#include <sys/ioctl.h>

#include "common/compiler.h"

struct uapi_epoll_params {
	uint32_t busy_poll_us;
	uint16_t busy_poll_budget; /* above UAPI_EPOLL_BUDGET_FREE it takes CAP_NET_ADMIN to set it */
	uint8_t prefers_busy_poll; /* 0 or 1 */
	uint8_t padding;           /* 0 */
};

#define UAPI_EPOLL_BUDGET_FREE 64

#define UAPI_EPOLL_SET_PARAMS _IOW(0x8A, 0x01, struct uapi_epoll_params)
#define UAPI_EPOLL_GET_PARAMS _IOR(0x8A, 0x02, struct uapi_epoll_params)
