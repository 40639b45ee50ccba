/* SPDX-License-Identifier: MIT */
/* Several queued real-time signals of different numbers are delivered to handlers in the kernel's order, with
 * values. */
#include <signal.h>
#include <unistd.h>

#include "scenario.h"

#define SIGNALS 4
#define EACH 20

static volatile sig_atomic_t next_value[SIGNALS], count;

static void on_signal(int number, siginfo_t *info, void *context)
{
	int index = number - SIGRTMIN;

	(void)context;
	if (info->si_value.sival_int != next_value[index])
		scenario_fail("signal %d came with %d, not %d", number, info->si_value.sival_int,
			      (int)next_value[index]);
	next_value[index] = next_value[index] + 1;
	count++;
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
	sigset_t set, empty;

	sigfillset(&action.sa_mask);
	sigemptyset(&set);
	sigemptyset(&empty);
	for (int i = 0; i < SIGNALS; i++) {
		sigaddset(&set, SIGRTMIN + i);
		scenario_call(sigaction(SIGRTMIN + i, &action, NULL));
	}
	scenario_call(sigprocmask(SIG_BLOCK, &set, NULL));
	for (int value = 0; value < EACH; value++)
		for (int i = SIGNALS - 1; i >= 0; i--)
			scenario_call(sigqueue(getpid(), SIGRTMIN + i, (union sigval){.sival_int = value}));
	scenario_checkpoint();
	scenario_check_equal(count, 0);
	scenario_call(sigprocmask(SIG_SETMASK, &empty, NULL));
	scenario_check_equal(count, SIGNALS * EACH);
	scenario_pass();
}
