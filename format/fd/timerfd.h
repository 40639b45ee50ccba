/* SPDX-License-Identifier: MIT */
/* What a valid timerfd is. */
#pragma once

#include <stdbool.h>

#include "common/compiler.h"
#include "format/fd/timerfd.pb-c.h"

/* It wakes the host from sleep. */
bool timerfd_is_alarm(const Cr__Timerfd *timerfd);

/*
 * It is armed for a time of day, TFD_TIMER_ABSTIME on a clock of that, and so comes at deadline_ns wherever
 * it is restored. All others have the time left that they had.
 */
bool timerfd_has_deadline(const Cr__Timerfd *timerfd);

bool timerfd_clock_is_known(int32_t clock);

/* 0, or -EBADMSG and why in *ret_reason (static text). */
int must_check timerfd_check(const Cr__Timerfd *timerfd, const char **ret_reason);
