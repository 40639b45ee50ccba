/* SPDX-License-Identifier: MIT */
/* nanosleep and clock_nanosleep, relative and absolute, with and without a place for the rest, last their
 * time. */
/* not: twice */
/* no-compare */
/* What a call had slept before an earlier checkpoint cannot be known. */
#include "interrupted.h"

static const struct timespec duration = {.tv_nsec = INTERRUPTED_MS * SCENARIO_MS};

/* By the system call, as the C library uses clock_nanosleep for both. */
static int sleep_plain(void)
{
	return syscall(SYS_nanosleep, &duration, NULL) == 0 ? 0 : errno;
}

static int sleep_rest(void)
{
	struct timespec rest = {.tv_sec = 77};
	int result = syscall(SYS_nanosleep, &duration, &rest) == 0 ? 0 : errno;

	/* A sleep that was not interrupted leaves it alone; the kernel may have used it on the way. */
	scenario_check(rest.tv_sec == 77 || (rest.tv_sec == 0 && rest.tv_nsec < duration.tv_nsec));
	return result;
}

static int sleep_relative(void)
{
	return clock_nanosleep(CLOCK_MONOTONIC, 0, &duration, NULL);
}

static int sleep_relative_rest(void)
{
	struct timespec rest;

	return clock_nanosleep(CLOCK_BOOTTIME, 0, &duration, &rest);
}

static int sleep_until(clockid_t clock)
{
	int64_t end = scenario_now_ns(clock) + INTERRUPTED_MS * SCENARIO_MS;
	struct timespec until = {.tv_sec = end / SCENARIO_SECOND, .tv_nsec = end % SCENARIO_SECOND};

	return clock_nanosleep(clock, TIMER_ABSTIME, &until, NULL);
}

static int sleep_until_monotonic(void)
{
	return sleep_until(CLOCK_MONOTONIC);
}

static int sleep_until_realtime(void)
{
	return sleep_until(CLOCK_REALTIME);
}

int main(void)
{
	struct interrupted calls[] = {
		{.block = sleep_plain, .name = "nanosleep", .number = SYS_nanosleep},
		{.block = sleep_rest, .name = "nanosleep with a rest", .number = SYS_nanosleep},
		{.block = sleep_relative, .name = "clock_nanosleep", .number = SYS_clock_nanosleep},
		{.block = sleep_relative_rest,
		 .name = "clock_nanosleep with a rest",
		 .number = SYS_clock_nanosleep},
		{.block = sleep_until_monotonic,
		 .name = "absolute monotonic sleep",
		 .number = SYS_clock_nanosleep},
		{.block = sleep_until_realtime,
		 .name = "absolute realtime sleep",
		 .number = SYS_clock_nanosleep},
	};

	interrupted_run(calls, sizeof(calls) / sizeof(calls[0]));
	scenario_pass();
}
