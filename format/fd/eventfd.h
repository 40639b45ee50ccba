/* SPDX-License-Identifier: MIT */
/* What a valid eventfd is. */
#pragma once

#include "common/compiler.h"
#include "format/fd/eventfd.pb-c.h"

/* What write(2) can bring the counter to. The kernel itself can bring it one further: an overflow,
 * eventfd(2). */
#define EVENTFD_COUNT_MAX (UINT64_MAX - 1)

/* 0, or -EBADMSG and why in *ret_reason (static text). */
int must_check eventfd_check(const Cr__Eventfd *eventfd, const char **ret_reason);
