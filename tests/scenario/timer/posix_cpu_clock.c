/* SPDX-License-Identifier: MIT */
/* Timers on the CPU-time clocks of the process and of a thread keep their remaining time and fire. */
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>

#include "scenario.h"

static const clockid_t clocks[] = {CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID};

int main(void)
{
	int ids[2];
	struct itimerspec value = {.it_value = {.tv_sec = 100}, .it_interval = {.tv_sec = 7}};
	const struct timespec at_once = {0};
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	for (int i = 0; i < 2; i++) {
		struct sigevent event = {.sigev_notify = SIGEV_SIGNAL,
					 .sigev_signo = SIGRTMIN + i,
					 .sigev_value = {.sival_int = i + 5}};

		sigaddset(&set, SIGRTMIN + i);
		scenario_call(syscall(SYS_timer_create, clocks[i], &event, &ids[i]));
		scenario_call(syscall(SYS_timer_settime, ids[i], 0, &value, NULL));
	}
	scenario_call(sigprocmask(SIG_BLOCK, &set, NULL));
	scenario_checkpoint();
	for (int i = 0; i < 2; i++) {
		int64_t end;

		scenario_call(syscall(SYS_timer_gettime, ids[i], &value));
		scenario_check(value.it_value.tv_sec >= 90 && value.it_value.tv_sec <= 100);
		scenario_check_equal(value.it_interval.tv_sec, 7);
		value = (struct itimerspec){.it_value = {.tv_nsec = 20 * SCENARIO_MS}};
		scenario_call(syscall(SYS_timer_settime, ids[i], 0, &value, NULL));
		end = scenario_now_ns(CLOCK_MONOTONIC) + 10 * SCENARIO_SECOND;
		while (sigtimedwait(&set, &info, &at_once) < 0)
			scenario_check(scenario_now_ns(CLOCK_MONOTONIC) < end);
		scenario_check_equal(info.si_signo, SIGRTMIN + i);
		scenario_check_equal(info.si_value.sival_int, i + 5);
	}
	scenario_pass();
}
