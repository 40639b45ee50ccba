/* SPDX-License-Identifier: MIT */
/* Blocked signals stay pending, for the process and for each thread, in order and with all of their siginfo.
 */
/* not: stop */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

#define QUEUED 20

static atomic_bool sent, released;
static atomic_int thread_tid;

static void take(int number, int code, int value)
{
	const struct timespec now = {0};
	siginfo_t info;
	sigset_t set;
	int got;

	sigemptyset(&set);
	sigaddset(&set, number);
	/* Not sigtimedwait(3), which makes SI_TKILL look like SI_USER. */
	got = (int)syscall(SYS_rt_sigtimedwait, &set, &info, &now, 8);
	if (got != number)
		scenario_fail("signal %d is not pending", number);
	if (info.si_code != code || info.si_pid != getpid() || info.si_uid != getuid() ||
	    (code == SI_QUEUE && info.si_value.sival_int != value))
		scenario_fail("signal %d: code %d pid %d uid %u value %d, expected code %d value %d", number,
			      info.si_code, info.si_pid, info.si_uid, info.si_value.sival_int, code, value);
}

static void check_none(void)
{
	sigset_t set;

	scenario_call(sigpending(&set));
	for (int number = 1; number < 65; number++)
		if (sigismember(&set, number) == 1)
			scenario_fail("signal %d is pending once too often", number);
}

static void *thread_body(void *unused)
{
	atomic_store(&thread_tid, gettid());
	while (!atomic_load(&sent))
		scenario_sleep_ms(1);
	raise(SIGUSR2);
	for (int i = 0; i < QUEUED; i++)
		scenario_check(
			pthread_sigqueue(pthread_self(), SIGRTMIN + 1, (union sigval){.sival_int = -i}) == 0);
	atomic_store(&sent, false);
	while (!atomic_load(&released))
		scenario_sleep_ms(1);
	take(SIGUSR2, SI_TKILL, 0);
	for (int i = 0; i < QUEUED; i++)
		take(SIGRTMIN + 1, SI_QUEUE, -i);
	return unused;
}

int main(void)
{
	pthread_t thread;
	sigset_t all;

	sigfillset(&all);
	scenario_call(sigprocmask(SIG_BLOCK, &all, NULL));
	scenario_check(pthread_create(&thread, NULL, thread_body, NULL) == 0);
	atomic_store(&sent, true);
	while (atomic_load(&sent))
		scenario_sleep_ms(1);
	scenario_call(kill(getpid(), SIGUSR1));
	scenario_call(kill(getpid(), SIGUSR1)); /* a standard signal is pending once */
	scenario_call(kill(getpid(), SIGTERM));
	for (int i = 0; i < QUEUED; i++)
		scenario_call(sigqueue(getpid(), SIGRTMAX, (union sigval){.sival_int = i * 1000}));
	scenario_call(sigqueue(getpid(), SIGHUP, (union sigval){.sival_int = 5}));
	raise(SIGCHLD);
	scenario_checkpoint();
	atomic_store(&released, true);
	scenario_check(pthread_join(thread, NULL) == 0);
	take(SIGCHLD, SI_TKILL, 0);
	take(SIGHUP, SI_QUEUE, 5);
	take(SIGUSR1, SI_USER, 0);
	take(SIGTERM, SI_USER, 0);
	for (int i = 0; i < QUEUED; i++)
		take(SIGRTMAX, SI_QUEUE, i * 1000);
	check_none();
	scenario_pass();
}
