/* SPDX-License-Identifier: MIT */
/* The signal of an expired timer, pending while blocked, keeps its SI_TIMER siginfo; its overruns go on
 * counting. */
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "scenario.h"

int main(void)
{
	struct itimerspec value = {.it_value = {.tv_nsec = 1000000}, .it_interval = {.tv_nsec = 1000000}};
	struct itimerspec now;
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL,
				 .sigev_signo = SIGRTMIN,
				 .sigev_value = {.sival_ptr = (void *)0x1234567890abcdef}};
	const struct timespec at_once = {0};
	int64_t start;
	siginfo_t info;
	long overrun;
	sigset_t set;
	int id = -1;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	scenario_call(sigprocmask(SIG_BLOCK, &set, NULL));
	scenario_call(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id));
	start = scenario_now_ns(CLOCK_MONOTONIC);
	scenario_call(syscall(SYS_timer_settime, id, 0, &value, NULL));
	scenario_sleep_ms(30);
	scenario_checkpoint();
	scenario_sleep_ms(20);
	scenario_check_equal(scenario_call(sigtimedwait(&set, &info, &at_once)), SIGRTMIN);
	overrun = scenario_call(syscall(SYS_timer_getoverrun, id));
	scenario_check_equal(info.si_code, SI_TIMER);
	scenario_check(info.si_value.sival_ptr == (void *)0x1234567890abcdef);
	scenario_check_equal(info.si_timerid, id);
	scenario_check_equal(info.si_overrun, overrun);
	/* At least the expiries after the checkpoint, at most one a millisecond all the time. */
	if (overrun < 15 || overrun > (scenario_now_ns(CLOCK_MONOTONIC) - start) / SCENARIO_MS)
		scenario_fail("%ld overruns", overrun);
	scenario_call(syscall(SYS_timer_gettime, id, &now));
	scenario_check_equal(now.it_interval.tv_nsec, 1000000);
	/* One signal was pending, not one from before and one from after. */
	scenario_sleep_ms(5);
	scenario_check_equal(scenario_call(sigtimedwait(&set, &info, &at_once)), SIGRTMIN);
	scenario_pass();
}
