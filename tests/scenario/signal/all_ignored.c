/* SPDX-License-Identifier: MIT */
/* A program that ignores all it can, SIGTRAP and SIGCHLD too, still ignores them, and nothing was delivered.
 */
/* not: stop */
#include <signal.h>
#include <unistd.h>

#include "scenario.h"

int main(void)
{
	for (int number = 1; number <= SIGRTMAX; number++)
		if (number != SIGKILL && number != SIGSTOP && number != 32 && number != 33)
			scenario_check(signal(number, SIG_IGN) != SIG_ERR);
	scenario_checkpoint();
	for (int number = 1; number <= SIGRTMAX; number++) {
		struct sigaction action;

		if (number == SIGKILL || number == SIGSTOP || number == 32 || number == 33)
			continue;
		scenario_call(sigaction(number, NULL, &action));
		scenario_check(action.sa_handler == SIG_IGN);
		scenario_call(kill(getpid(), number));
	}
	scenario_pass();
}
