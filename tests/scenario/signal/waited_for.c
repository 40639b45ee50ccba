/* SPDX-License-Identifier: MIT */
/* sigwaitinfo(2) in a thread takes the signal sent after the restore and does not fail with EINTR. */
/* not: stop */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

static atomic_int tid;
static sigset_t set;

static void *wait_for(void *unused)
{
	siginfo_t info;
	int got;

	atomic_store(&tid, gettid());
	got = sigwaitinfo(&set, &info);
	if (got != SIGRTMIN)
		scenario_fail("sigwaitinfo: %d, %s", got, strerror(errno));
	scenario_check_equal(info.si_value.sival_int, 99);
	return unused;
}

int main(void)
{
	pthread_t thread;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	scenario_call(sigprocmask(SIG_BLOCK, &set, NULL));
	scenario_check(pthread_create(&thread, NULL, wait_for, NULL) == 0);
	while (!atomic_load(&tid))
		scenario_sleep_ms(1);
	scenario_wait_blocked(tid, SYS_rt_sigtimedwait);
	scenario_checkpoint();
	scenario_call(sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 99}));
	scenario_check(pthread_join(thread, NULL) == 0);
	scenario_pass();
}
