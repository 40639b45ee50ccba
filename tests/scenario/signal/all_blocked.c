/* SPDX-License-Identifier: MIT */
/* A program that blocks every signal is dumped and restored like any other, and none is pending then. */
/* not: stop */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

static atomic_bool is_blocked, released;

/* By the system call: the C library leaves out the two signals that it uses itself. */
static uint64_t mask(int how, const uint64_t *new)
{
	uint64_t old;

	scenario_call(syscall(SYS_rt_sigprocmask, how, new, &old, sizeof(old)));
	return old;
}

static void *work(void *unused)
{
	const uint64_t all = ~0ULL;

	mask(SIG_SETMASK, &all);
	atomic_store(&is_blocked, true);
	while (!atomic_load(&released))
		scenario_sleep_ms(1);
	scenario_check_equal(mask(SIG_BLOCK, NULL),
			     ~0ULL & ~(1ULL << (SIGKILL - 1)) & ~(1ULL << (SIGSTOP - 1)));
	return unused;
}

int main(void)
{
	const uint64_t all = ~0ULL;
	uint64_t pending;
	pthread_t thread;

	/* pthread_create(3) unblocks those two, so it comes first. */
	scenario_check(pthread_create(&thread, NULL, work, NULL) == 0);
	mask(SIG_SETMASK, &all);
	while (!atomic_load(&is_blocked))
		scenario_sleep_ms(1);
	scenario_checkpoint();
	scenario_call(syscall(SYS_rt_sigpending, &pending, sizeof(pending)));
	scenario_check_equal(pending, 0);
	scenario_check_equal(mask(SIG_BLOCK, NULL),
			     ~0ULL & ~(1ULL << (SIGKILL - 1)) & ~(1ULL << (SIGSTOP - 1)));
	atomic_store(&released, true);
	scenario_check(pthread_join(thread, NULL) == 0);
	scenario_pass();
}
