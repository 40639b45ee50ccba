/* SPDX-License-Identifier: MIT */
/* State of a stopped x86-64 thread that hardly any 64-bit program has: TLS descriptors, I/O port permissions.
 */
#pragma once

#include <sys/types.h>

#include "common/compiler.h"

/* 1: one of the three descriptors of set_thread_area(2) is in use; 0: none. */
int must_check segments_has_thread_area(pid_t tid);

/* 1: ioperm(2) has opened some I/O port to the thread; 0: none. */
int must_check segments_has_io_ports(pid_t tid);
