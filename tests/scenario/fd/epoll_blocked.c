/* SPDX-License-Identifier: MIT */
/* Threads that wait in epoll_wait, epoll_pwait and epoll_pwait2 go on waiting, and each is woken by its own
 * target. */
/* not: stop */
/* SIGCONT ends these calls with EINTR, signal(7). */
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "waiters.h"

#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif

static int epolls[5], counters[5];

static int is_good(int i, int count, const struct epoll_event *event)
{
	return count == 1 && event->data.u64 == (uint64_t)i && event->events == EPOLLIN;
}

static int wait_for_ever(void)
{
	struct epoll_event event;

	return is_good(0, epoll_wait(epolls[0], &event, 1, -1), &event);
}

static int wait_for_long(void)
{
	struct epoll_event event;

	return is_good(1, epoll_wait(epolls[1], &event, 1, 100000), &event);
}

static int wait_masked(void)
{
	struct epoll_event event;
	sigset_t mask, now;
	int count;

	sigfillset(&mask);
	count = epoll_pwait(epolls[2], &event, 1, -1, &mask);
	scenario_check(pthread_sigmask(SIG_BLOCK, NULL, &now) == 0);
	scenario_check(sigismember(&now, SIGUSR1) == 0);
	return is_good(2, count, &event);
}

static int wait_precise(void)
{
	const struct timespec timeout = {.tv_sec = 100};
	struct epoll_event event;

	return is_good(3, (int)syscall(SYS_epoll_pwait2, epolls[3], &event, 1, &timeout, NULL, 0), &event);
}

/* Nothing comes: 0, and not EINTR. The thread stays, for the comparison, however long the dump takes. */
static int wait_in_vain(void)
{
	struct epoll_event event;
	int count = epoll_wait(epolls[4], &event, 1, 700);

	while (!scenario_is_released())
		scenario_sleep_ms(5);
	return count == 0;
}

static struct waiter waiters[] = {
	{.wait = wait_for_ever, .number = SYS_epoll_wait}, {.wait = wait_for_long, .number = SYS_epoll_wait},
	{.wait = wait_masked, .number = SYS_epoll_pwait},  {.wait = wait_precise, .number = SYS_epoll_pwait2},
	{.wait = wait_in_vain, .number = SYS_epoll_wait},
};

int main(void)
{
	uint64_t value = 1;

	for (int i = 0; i < 5; i++) {
		struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uint64_t)i};

		epolls[i] = scenario_call(epoll_create1(0));
		counters[i] = scenario_call(eventfd(0, 0));
		scenario_call(epoll_ctl(epolls[i], EPOLL_CTL_ADD, counters[i], &event));
	}
	waiters_start(waiters, 5);
	scenario_checkpoint();
	waiters_check_waiting(waiters, 4);
	for (size_t i = 0; i < 4; i++) {
		scenario_check_equal(write(counters[i], &value, 8), 8);
		waiters_join(waiters + i, 1);
	}
	waiters_join(waiters + 4, 1);
	scenario_pass();
}
