/* SPDX-License-Identifier: MIT */
/* An alternate stack serves after the restore: for a handler, and for the overflow of the ordinary stack. */
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "scenario.h"

#define SIZE (64UL << 10)

static char stack[SIZE];
static sigjmp_buf overflow;

static bool is_on_stack(void)
{
	char here;

	return (uintptr_t)&here >= (uintptr_t)stack && (uintptr_t)&here < (uintptr_t)stack + SIZE;
}

static void on_segv(int number)
{
	(void)number;
	siglongjmp(overflow, is_on_stack() ? 1 : 2);
}

/* Not to be made a loop of. */
__attribute__((noinline)) static unsigned long recurse(unsigned long depth)
{
	volatile char frame[4096];

	frame[depth % sizeof(frame)] = 1;
	return depth + 1 == 0 ? 0 : recurse(depth + 1) + (unsigned long)frame[0];
}

int main(void)
{
	struct sigaction action = {.sa_handler = on_segv, .sa_flags = SA_ONSTACK};
	stack_t ours = {.ss_sp = stack, .ss_size = SIZE}, got;
	struct rlimit limit = {.rlim_cur = 1UL << 20, .rlim_max = RLIM_INFINITY};
	int where;

	scenario_call(getrlimit(RLIMIT_STACK, &limit));
	limit.rlim_cur = 1UL << 20;
	scenario_call(setrlimit(RLIMIT_STACK, &limit));
	scenario_call(sigaltstack(&ours, NULL));
	scenario_call(sigaction(SIGSEGV, &action, NULL));
	scenario_checkpoint();
	scenario_call(sigaltstack(NULL, &got));
	scenario_check(got.ss_sp == stack && got.ss_size == SIZE && got.ss_flags == 0);
	where = sigsetjmp(overflow, 1);
	if (where == 0)
		recurse(0);
	scenario_check_equal(where, 1);
	scenario_pass();
}
