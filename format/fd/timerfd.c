/* SPDX-License-Identifier: MIT */
/* What a valid timerfd is. */
#include "format/fd/timerfd.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <time.h>

bool timerfd_is_alarm(const Cr__Timerfd *timerfd)
{
	return timerfd->clock == CLOCK_REALTIME_ALARM || timerfd->clock == CLOCK_BOOTTIME_ALARM;
}

bool timerfd_has_deadline(const Cr__Timerfd *timerfd)
{
	return timerfd->value_ns > 0 && timerfd->flags & TFD_TIMER_ABSTIME &&
	       (timerfd->clock == CLOCK_REALTIME || timerfd->clock == CLOCK_REALTIME_ALARM);
}

bool timerfd_clock_is_known(int32_t clock)
{
	return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC || clock == CLOCK_BOOTTIME ||
	       clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM;
}

static int refuse(const char *reason, const char **ret_reason)
{
	*ret_reason = reason;
	return -EBADMSG;
}

int timerfd_check(const Cr__Timerfd *timerfd, const char **ret_reason)
{
	if (!timerfd_clock_is_known(timerfd->clock))
		return refuse("its clock is not known", ret_reason);
	if (timerfd->flags & ~(uint32_t)(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET))
		return refuse("it was set with unknown flags", ret_reason);
	if (timerfd->value_ns < 0 || timerfd->interval_ns < 0 || timerfd->deadline_ns < 0)
		return refuse("one of its times is negative", ret_reason);
	if ((timerfd->deadline_ns > 0) != timerfd_has_deadline(timerfd))
		return refuse("it lacks a time of day, or has one that it is not set to", ret_reason);
	return 0;
}
