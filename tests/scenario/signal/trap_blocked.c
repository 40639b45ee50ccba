/* SPDX-License-Identifier: MIT */
/* SIGTRAP, SIGSEGV and SIGSTOP's kin, blocked or ignored, do not stand in the way of whoever uses traps on
 * the program. */
/* not: stop */
#include <signal.h>
#include <unistd.h>

#include "scenario.h"

int main(void)
{
	sigset_t set, now;

	sigemptyset(&set);
	sigaddset(&set, SIGTRAP);
	sigaddset(&set, SIGSEGV);
	sigaddset(&set, SIGBUS);
	sigaddset(&set, SIGILL);
	sigaddset(&set, SIGCONT);
	scenario_call(sigprocmask(SIG_BLOCK, &set, NULL));
	scenario_check(signal(SIGTRAP, SIG_IGN) != SIG_ERR);
	scenario_check(signal(SIGSEGV, SIG_IGN) != SIG_ERR);
	scenario_checkpoint();
	scenario_call(sigpending(&now));
	for (int number = 1; number < 32; number++)
		scenario_check(sigismember(&now, number) == 0);
	scenario_call(sigprocmask(SIG_BLOCK, NULL, &now));
	scenario_check(memcmp(&set, &now, 8) == 0);
	raise(SIGTRAP); /* ignored and blocked: comes to nothing */
	scenario_call(sigprocmask(SIG_UNBLOCK, &set, NULL));
	scenario_check(signal(SIGTRAP, SIG_DFL) == SIG_IGN);
	scenario_pass();
}
