/* SPDX-License-Identifier: MIT */
/*
 * What a pidfd tells (ioctl_pidfd(2), Linux 6.13; of a process that is gone: 6.15). Stated here because the
 * headers of many systems are older than their kernel.
 */
#pragma once

#include <fcntl.h>
#include <sys/ioctl.h>

#include "common/compiler.h"

/* pidfd_open(2): of a thread, not its process (Linux 6.9). fcntl(2) shows it. */
#define UAPI_PIDFD_THREAD O_EXCL

#define UAPI_PIDFD_INFO_EXIT (UINT64_C(1) << 3)

/* The first version of it, which later kernels take, too. */
struct uapi_pidfd_info {
	uint64_t mask; /* asked for; then what is there */
	uint64_t cgroup_id;
	uint32_t pid, tgid, ppid;
	uint32_t ids[8];
	int32_t exit_status; /* as of wait(2) */
};

#define UAPI_PIDFD_GET_INFO _IOWR(0xFF, 11, struct uapi_pidfd_info)

/* A file of a namespace of the process (Linux 6.11); NUMBER says which type. */
#define UAPI_PIDFD_GET_NAMESPACE(number) _IO(0xFF, number)
