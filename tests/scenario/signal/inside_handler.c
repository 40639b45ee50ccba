/* SPDX-License-Identifier: MIT */
/* A checkpoint inside a handler on the alternate stack, with a second one nested, returns through both. */
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

#define SIZE (128UL << 10)

static char stack[SIZE];
static volatile sig_atomic_t outer_count, inner_count;

static bool is_on_stack(void)
{
	char here;

	return (uintptr_t)&here >= (uintptr_t)stack && (uintptr_t)&here < (uintptr_t)stack + SIZE;
}

static void on_inner(int number)
{
	stack_t now;
	sigset_t mask;

	(void)number;
	scenario_check(is_on_stack());
	scenario_checkpoint();
	scenario_call(sigaltstack(NULL, &now));
	scenario_check_equal(now.ss_flags, SS_ONSTACK);
	scenario_call(sigprocmask(SIG_BLOCK, NULL, &mask));
	scenario_check(sigismember(&mask, SIGUSR1) == 1 && sigismember(&mask, SIGUSR2) == 1);
	inner_count++;
}

static void on_outer(int number)
{
	(void)number;
	scenario_check(is_on_stack());
	raise(SIGUSR2);
	scenario_check_equal(inner_count, 1);
	outer_count++;
}

int main(void)
{
	struct sigaction outer = {.sa_handler = on_outer, .sa_flags = SA_ONSTACK};
	struct sigaction inner = {.sa_handler = on_inner, .sa_flags = SA_ONSTACK};
	stack_t ours = {.ss_sp = stack, .ss_size = SIZE};
	volatile double kept = 0.1;
	double sum = kept * 3;
	sigset_t mask;

	scenario_call(sigaltstack(&ours, NULL));
	scenario_call(sigaction(SIGUSR1, &outer, NULL));
	scenario_call(sigaction(SIGUSR2, &inner, NULL));
	raise(SIGUSR1);
	scenario_check_equal(outer_count, 1);
	scenario_check(sum == kept * 3);
	scenario_check(!is_on_stack());
	scenario_call(sigprocmask(SIG_BLOCK, NULL, &mask));
	scenario_check(sigismember(&mask, SIGUSR1) == 0 && sigismember(&mask, SIGUSR2) == 0);
	scenario_pass();
}
