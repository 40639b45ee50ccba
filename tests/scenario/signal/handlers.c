/* SPDX-License-Identifier: MIT */
/* Every signal keeps its action: handler address, flags, mask, restorer, ignored or default. */
/* not: stop */
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

struct kernel_action {
	void *handler;
	unsigned long flags;
	void *restorer;
	uint64_t mask;
};

static volatile sig_atomic_t one_count, info_count, info_value;

static void on_one(int number)
{
	(void)number;
	one_count++;
}

static void on_info(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	info_count++;
	info_value = info->si_value.sival_int;
}

static void set_all(void)
{
	static const int flags[] = {
		0,          SA_RESTART,   SA_NODEFER,   SA_RESETHAND,
		SA_ONSTACK, SA_NOCLDSTOP, SA_NOCLDWAIT, SA_RESTART | SA_NODEFER | SA_ONSTACK | SA_RESETHAND};

	for (int number = 1; number <= 64; number++) {
		struct sigaction action = {.sa_flags = flags[number % 8]};

		if (number == SIGKILL || number == SIGSTOP || number == 32 || number == 33)
			continue;
		sigaddset(&action.sa_mask, 1 + (number * 7) % 31);
		sigaddset(&action.sa_mask, 34 + (number * 5) % 30);
		if (number % 3 == 0) {
			action.sa_flags |= SA_SIGINFO;
			action.sa_sigaction = on_info;
		} else if (number % 3 == 1)
			action.sa_handler = on_one;
		else
			action.sa_handler = number % 2 ? SIG_IGN : SIG_DFL;
		scenario_call(sigaction(number, &action, NULL));
	}
}

static void get_all(struct kernel_action *actions)
{
	for (int number = 1; number <= 64; number++)
		scenario_call(syscall(SYS_rt_sigaction, number, NULL, &actions[number], 8));
}

int main(void)
{
	static struct kernel_action before[65], after[65];

	set_all();
	get_all(before);
	scenario_checkpoint();
	get_all(after);
	for (int number = 1; number <= 64; number++)
		if (memcmp(&before[number], &after[number], sizeof(before[0])) != 0)
			scenario_fail("signal %d: handler %p flags %#lx mask %#llx became %p %#lx %#llx",
				      number, before[number].handler, before[number].flags,
				      (unsigned long long)before[number].mask, after[number].handler,
				      after[number].flags, (unsigned long long)after[number].mask);
	/* They also work. */
	raise(SIGUSR1); /* 10: 10 % 3 == 1 */
	scenario_check_equal(one_count, 1);
	scenario_call(sigqueue(getpid(), SIGUSR2, (union sigval){.sival_int = 12345})); /* 12 */
	scenario_check_equal(info_count, 1);
	scenario_check_equal(info_value, 12345);
	raise(3); /* 3 % 8: SA_RESETHAND */
	scenario_check_equal(info_count, 2);
	get_all(after);
	scenario_check(after[3].handler == SIG_DFL);
	raise(5); /* 5 % 3 == 2, odd: ignored */
	scenario_pass();
}
