/* SPDX-License-Identifier: MIT */
/* A process stopped while blocked signals wait for it stays stopped, and takes them when it is continued. */
/* stopped */
#include <signal.h>
#include <unistd.h>

#include "scenario.h"

static volatile sig_atomic_t order[4];
static volatile sig_atomic_t count;

static void on_signal(int number)
{
	order[count++ % 4] = number;
}

int main(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	sigset_t set, pending;

	sigfillset(&action.sa_mask);
	scenario_call(sigaction(SIGUSR1, &action, NULL));
	scenario_call(sigaction(SIGUSR2, &action, NULL));
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	scenario_call(sigprocmask(SIG_BLOCK, &set, NULL));
	scenario_call(kill(getpid(), SIGUSR1));
	scenario_call(kill(getpid(), SIGUSR2));
	scenario_announce();
	scenario_call(raise(SIGSTOP));
	scenario_check(scenario_is_released());
	scenario_check_equal(count, 0);
	scenario_call(sigpending(&pending));
	scenario_check(sigismember(&pending, SIGUSR1) == 1 && sigismember(&pending, SIGUSR2) == 1);
	scenario_call(sigprocmask(SIG_UNBLOCK, &set, NULL));
	scenario_check_equal(count, 2);
	scenario_pass();
}
