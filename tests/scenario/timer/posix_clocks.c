/* SPDX-License-Identifier: MIT */
/* POSIX timers of every clock keep id, signal, value, interval and remaining time; ids need not be
 * contiguous. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "scenario.h"

#define TIMERS 12

static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME};

/* By the system call: the C library's ids for SIGEV_THREAD_ID timers are the kernel's. */
static int make_timer(int number)
{
	struct sigevent event = {.sigev_signo = SIGRTMIN + number % 5,
				 .sigev_value = {.sival_int = number * 11}};
	int id = -1;

	event.sigev_notify = number % 3 == 0 ? SIGEV_SIGNAL : number % 3 == 1 ? SIGEV_NONE : SIGEV_THREAD_ID;
	event._sigev_un._tid = gettid();
	scenario_call(syscall(SYS_timer_create, clocks[number % 3 == 2 ? 2 : number % 2], &event, &id));
	return id;
}

static void set_timer(int id, int flags, long seconds, long interval_ns)
{
	struct itimerspec value = {.it_value = {.tv_sec = seconds}, .it_interval = {.tv_nsec = interval_ns}};

	scenario_call(syscall(SYS_timer_settime, id, flags, &value, NULL));
}

int main(void)
{
	int ids[TIMERS];
	struct itimerspec value;
	struct timespec limit = {.tv_sec = 5};
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	for (int i = 0; i < 5; i++)
		sigaddset(&set, SIGRTMIN + i);
	scenario_call(sigprocmask(SIG_BLOCK, &set, NULL));
	for (int i = 0; i < TIMERS; i++)
		ids[i] = make_timer(i);
	/* Holes in the ids, one at the start; number 5 stays disarmed. */
	for (int i = 0; i < TIMERS; i += 4)
		scenario_call(syscall(SYS_timer_delete, ids[i]));
	for (int i = 0; i < TIMERS; i++)
		if (i % 4 != 0 && i != 5)
			set_timer(ids[i], 0, 500 + i, i * 1000);
	scenario_checkpoint();

	for (int i = 0; i < TIMERS; i++) {
		long result = syscall(SYS_timer_gettime, ids[i], &value);

		if (i % 4 == 0) {
			scenario_check(result == -1 && errno == EINVAL);
			continue;
		}
		if (result < 0)
			scenario_fail("timer %d with id %d is gone", i, ids[i]);
		if (i == 5) {
			scenario_check(value.it_value.tv_sec == 0 && value.it_value.tv_nsec == 0);
			continue;
		}
		if (value.it_value.tv_sec >= 500 + i || value.it_value.tv_sec < 500 + i - 20)
			scenario_fail("timer %d has %ld s left", i, (long)value.it_value.tv_sec);
		scenario_check_equal(value.it_interval.tv_nsec, i * 1000);
	}
	for (int i = 0; i < TIMERS; i++) {
		if (i % 4 == 0 || i % 3 == 1)
			continue;
		set_timer(ids[i], TIMER_ABSTIME, 1, 0); /* long past on each of the clocks */
		scenario_check_equal(scenario_call(sigtimedwait(&set, &info, &limit)), SIGRTMIN + i % 5);
		scenario_check_equal(info.si_code, SI_TIMER);
		scenario_check_equal(info.si_value.sival_int, i * 11);
		scenario_check_equal(info.si_timerid, ids[i]);
	}
	/* A new one gets an id that is not taken. */
	ids[0] = make_timer(0);
	for (int i = 1; i < TIMERS; i++)
		scenario_check(i % 4 == 0 || ids[i] != ids[0]);
	scenario_pass();
}
