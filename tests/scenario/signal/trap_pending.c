/* SPDX-License-Identifier: MIT */
/* A SIGTRAP that is pending, for the process and for a thread, stays so, with all of its siginfo; also where
 * all signals are blocked. */
/* not: stop */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

static atomic_bool sent, released;

static void take(int code, int value)
{
	const struct timespec now = {0};
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTRAP);
	if (syscall(SYS_rt_sigtimedwait, &set, &info, &now, 8) != SIGTRAP)
		scenario_fail("SIGTRAP is not pending");
	if (info.si_code != code || info.si_pid != getpid() ||
	    (code == SI_QUEUE && info.si_value.sival_int != value))
		scenario_fail("code %d pid %d value %d, expected code %d value %d", info.si_code, info.si_pid,
			      info.si_value.sival_int, code, value);
}

static void *thread_body(void *unused)
{
	scenario_check(pthread_sigqueue(pthread_self(), SIGTRAP, (union sigval){.sival_int = 7}) == 0);
	atomic_store(&sent, true);
	while (!atomic_load(&released))
		scenario_sleep_ms(1);
	take(SI_QUEUE, 7);
	return unused;
}

int main(void)
{
	pthread_t thread;
	sigset_t all;

	sigfillset(&all);
	scenario_call(sigprocmask(SIG_BLOCK, &all, NULL));
	scenario_check(pthread_create(&thread, NULL, thread_body, NULL) == 0);
	while (!atomic_load(&sent))
		scenario_sleep_ms(1);
	scenario_call(kill(getpid(), SIGTRAP));
	for (int number = 1; number < 65; number++)
		if (number != SIGKILL && number != SIGSTOP && number != SIGTRAP && number != SIGURG &&
		    number != SIGCONT && (number < 32 || number >= SIGRTMIN))
			scenario_call(kill(getpid(), number));
	scenario_checkpoint();
	take(SI_USER, 0);
	atomic_store(&released, true);
	scenario_check(pthread_join(thread, NULL) == 0);
	scenario_call(sigpending(&all));
	scenario_check(!sigismember(&all, SIGTRAP) && !sigismember(&all, SIGURG) &&
		       sigismember(&all, SIGUSR1));
	scenario_pass();
}
