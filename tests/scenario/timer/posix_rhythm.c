/* SPDX-License-Identifier: MIT */
/*
 * A periodic POSIX timer that signals one thread keeps its rhythm: as many expiries, overruns included, as
 * there was time. The kernel does not tell of overruns of a signal that is still pending, so that those
 * before a dump may be lost: what is compared is the time from the first expiry after it on.
 */
/* no-compare */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "scenario.h"

#define INTERVAL_MS 20

static atomic_bool released, measured;
static atomic_int tid;
static atomic_long expiries;
/* While it is measured: when the first and the last expiry came, and how many in between. */
static atomic_llong first_ns, last_ns;
static atomic_long between;

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
		if (!atomic_load(&measured))
			continue;
		if (atomic_load(&first_ns) == 0) {
			atomic_store(&first_ns, scenario_now_ns(CLOCK_MONOTONIC));
			continue;
		}
		atomic_fetch_add(&between, 1 + info.si_overrun);
		atomic_store(&last_ns, scenario_now_ns(CLOCK_MONOTONIC));
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
	atomic_store(&measured, true);
	while (atomic_load(&last_ns) < atomic_load(&first_ns) + 300 * SCENARIO_MS)
		scenario_sleep_ms(10);
	atomic_store(&released, true);
	scenario_check(pthread_join(thread, NULL) == 0);
	elapsed_ms = (last_ns - first_ns) / SCENARIO_MS;
	if (labs(between - elapsed_ms / INTERVAL_MS) > 2)
		scenario_fail("%ld expiries in %lld ms", (long)between, (long long)elapsed_ms);
	elapsed_ms = (scenario_now_ns(CLOCK_MONOTONIC) - start) / SCENARIO_MS;
	if (expiries > elapsed_ms / INTERVAL_MS + 1)
		scenario_fail("%ld expiries in %lld ms", (long)expiries, (long long)elapsed_ms);
	scenario_pass();
}
