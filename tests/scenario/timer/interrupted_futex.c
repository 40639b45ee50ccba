/* SPDX-License-Identifier: MIT */
/* Futex waits with relative and absolute timeouts end with ETIMEDOUT at their time and not with EINTR. */
/* not: twice */
/* no-compare */
/* What a call had slept before an earlier checkpoint cannot be known. */
#include <linux/futex.h>
#include <semaphore.h>

#include "interrupted.h"

static uint32_t word;

static int wait_relative(void)
{
	struct timespec timeout = {.tv_nsec = INTERRUPTED_MS * SCENARIO_MS};

	if (syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &timeout, NULL, 0) == 0)
		return -1;
	return errno == ETIMEDOUT ? 0 : errno;
}

static int wait_absolute(void)
{
	int64_t end = scenario_now_ns(CLOCK_MONOTONIC) + INTERRUPTED_MS * SCENARIO_MS;
	struct timespec until = {.tv_sec = end / SCENARIO_SECOND, .tv_nsec = end % SCENARIO_SECOND};

	if (syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, 0, &until, NULL, FUTEX_BITSET_MATCH_ANY) ==
	    0)
		return -1;
	return errno == ETIMEDOUT ? 0 : errno;
}

static int wait_condition(void)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
	int64_t end = scenario_now_ns(CLOCK_REALTIME) + INTERRUPTED_MS * SCENARIO_MS;
	struct timespec until = {.tv_sec = end / SCENARIO_SECOND, .tv_nsec = end % SCENARIO_SECOND};
	int result = 0;

	pthread_mutex_lock(&mutex);
	while (result == 0)
		result = pthread_cond_timedwait(&condition, &mutex, &until);
	pthread_mutex_unlock(&mutex);
	return result == ETIMEDOUT ? 0 : result;
}

int main(void)
{
	struct interrupted calls[] = {
		{.block = wait_relative, .name = "FUTEX_WAIT", .number = SYS_futex},
		{.block = wait_absolute, .name = "FUTEX_WAIT_BITSET", .number = SYS_futex},
		{.block = wait_condition, .name = "pthread_cond_timedwait", .number = SYS_futex},
	};

	interrupted_run(calls, sizeof(calls) / sizeof(calls[0]));
	scenario_pass();
}
