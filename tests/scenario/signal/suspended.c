/* SPDX-License-Identifier: MIT */
/* sigsuspend(2) goes on waiting with its temporary mask, and only a handler that ran ends it. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

static volatile sig_atomic_t count;
static atomic_int tid;
static atomic_bool has_returned;

static void on_signal(int number)
{
	(void)number;
	count++;
}

static void *suspend(void *unused)
{
	sigset_t mask, now;

	/* SIGUSR1 is blocked but for the time of the wait, SIGUSR2 the other way round. */
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR2);
	atomic_store(&tid, gettid());
	scenario_check_equal(sigsuspend(&mask), -1);
	atomic_store(&has_returned, true);
	scenario_check_equal(errno, EINTR);
	scenario_check_equal(count, 1);
	scenario_check(pthread_sigmask(SIG_BLOCK, NULL, &now) == 0);
	scenario_check(sigismember(&now, SIGUSR1) == 1 && sigismember(&now, SIGUSR2) == 0);
	return unused;
}

int main(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	pthread_t thread;
	sigset_t mask;

	scenario_call(sigaction(SIGUSR1, &action, NULL));
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	scenario_call(sigprocmask(SIG_BLOCK, &mask, NULL));
	scenario_check(pthread_create(&thread, NULL, suspend, NULL) == 0);
	while (!atomic_load(&tid))
		scenario_sleep_ms(1);
	scenario_wait_blocked(tid, SYS_rt_sigsuspend);
	scenario_checkpoint();
	scenario_sleep_ms(20);
	scenario_check(!atomic_load(&has_returned));
	scenario_check(pthread_kill(thread, SIGUSR1) == 0);
	scenario_check(pthread_join(thread, NULL) == 0);
	scenario_pass();
}
