/* SPDX-License-Identifier: MIT */
/* A periodic POSIX timer that signals one thread keeps its rhythm: as many expiries, overruns included, as
 * there was time. */
/* no-compare */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "scenario.h"

#define INTERVAL_MS 20

static atomic_bool released;
static atomic_int tid;
static atomic_long expiries;

static void *count(void *unused)
{
	const struct timespec timeout = {.tv_nsec = 50 * SCENARIO_MS};
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	atomic_store(&tid, gettid());
	while (!atomic_load(&released)) {
		int got = sigtimedwait(&set, &info, &timeout);

		if (got < 0)
			continue;
		scenario_check_equal(got, SIGRTMIN);
		scenario_check_equal(info.si_code, SI_TIMER);
		atomic_fetch_add(&expiries, 1 + info.si_overrun);
	}
	return unused;
}

int main(void)
{
	struct itimerspec value = {.it_value = {.tv_nsec = INTERVAL_MS * SCENARIO_MS},
				   .it_interval = {.tv_nsec = INTERVAL_MS * SCENARIO_MS}};
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN};
	pthread_t thread;
	int64_t start, elapsed_ms;
	long counted;
	sigset_t set;
	int id;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	scenario_call(sigprocmask(SIG_BLOCK, &set, NULL));
	scenario_check(pthread_create(&thread, NULL, count, NULL) == 0);
	while (!atomic_load(&tid))
		scenario_sleep_ms(1);
	event._sigev_un._tid = tid;
	scenario_call(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id));
	start = scenario_now_ns(CLOCK_MONOTONIC);
	scenario_call(syscall(SYS_timer_settime, id, 0, &value, NULL));
	scenario_sleep_ms(100);
	scenario_checkpoint();
	scenario_sleep_ms(300);
	elapsed_ms = (scenario_now_ns(CLOCK_MONOTONIC) - start) / SCENARIO_MS;
	counted = atomic_load(&expiries);
	if (counted > elapsed_ms / INTERVAL_MS + 1 ||
	    counted < (elapsed_ms - scenario_frozen_ns() / SCENARIO_MS) / INTERVAL_MS - 2)
		scenario_fail("%ld expiries in %lld ms", counted, (long long)elapsed_ms);
	atomic_store(&released, true);
	scenario_check(pthread_join(thread, NULL) == 0);
	scenario_pass();
}
