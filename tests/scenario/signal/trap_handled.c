/* SPDX-License-Identifier: MIT */
/* A handler of SIGTRAP sees the program's own traps, before and after, and none of anybody else's. */
#include <signal.h>
#include <ucontext.h>

#include "scenario.h"

static volatile sig_atomic_t count;

static void on_trap(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	scenario_check(info->si_code == SI_KERNEL || info->si_code == TRAP_BRKPT);
	count++;
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};

	scenario_call(sigaction(SIGTRAP, &action, NULL));
	__asm__ volatile("int3");
	scenario_check_equal(count, 1);
	scenario_checkpoint();
	scenario_check_equal(count, 1);
	__asm__ volatile("int3");
	scenario_check_equal(count, 2);
	scenario_pass();
}
