/* SPDX-License-Identifier: MIT */
/* poll, ppoll, select and pselect without descriptors last their timeouts and do not fail with EINTR. */
/* not: twice */
/* no-compare */
/* What a call had slept before an earlier checkpoint cannot be known. */
#include <poll.h>
#include <signal.h>
#include <sys/select.h>

#include "interrupted.h"

static int call_poll(void)
{
	return (int)syscall(SYS_poll, NULL, 0, INTERRUPTED_MS) == 0 ? 0 : errno;
}

static int call_ppoll(void)
{
	struct timespec timeout = {.tv_nsec = INTERRUPTED_MS * SCENARIO_MS};

	return ppoll(NULL, 0, &timeout, NULL) == 0 ? 0 : errno;
}

static int call_ppoll_masked(void)
{
	struct timespec timeout = {.tv_nsec = INTERRUPTED_MS * SCENARIO_MS};
	sigset_t mask, now;
	int result;

	sigfillset(&mask);
	result = ppoll(NULL, 0, &timeout, &mask) == 0 ? 0 : errno;
	scenario_check(pthread_sigmask(SIG_BLOCK, NULL, &now) == 0);
	scenario_check(sigismember(&now, SIGUSR1) == 0);
	return result;
}

static int call_select(void)
{
	struct timeval timeout = {.tv_usec = INTERRUPTED_MS * 1000};

	return syscall(SYS_select, 0, NULL, NULL, NULL, &timeout) == 0 ? 0 : errno;
}

static int call_pselect_masked(void)
{
	struct timespec timeout = {.tv_nsec = INTERRUPTED_MS * SCENARIO_MS};
	sigset_t mask, now;
	int result;

	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR2);
	result = pselect(0, NULL, NULL, NULL, &timeout, &mask) == 0 ? 0 : errno;
	scenario_check(pthread_sigmask(SIG_BLOCK, NULL, &now) == 0);
	scenario_check(sigismember(&now, SIGUSR2) == 0);
	return result;
}

int main(void)
{
	struct interrupted calls[] = {
		{.block = call_poll, .name = "poll", .number = SYS_poll},
		{.block = call_ppoll, .name = "ppoll", .number = SYS_ppoll},
		{.block = call_ppoll_masked, .name = "ppoll with a mask", .number = SYS_ppoll},
		{.block = call_select, .name = "select", .number = SYS_select},
		{.block = call_pselect_masked, .name = "pselect with a mask", .number = SYS_pselect6},
	};

	interrupted_run(calls, sizeof(calls) / sizeof(calls[0]));
	scenario_pass();
}
