/* SPDX-License-Identifier: MIT */
/* Pending signals keep the siginfo of every origin: a made-up one byte for byte, and those of children. */
/* not: stop */
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenario.h"

static const int numbers[] = {SIGINT, SIGQUIT, SIGPIPE, 50};
#define COUNT (sizeof(numbers) / sizeof(numbers[0]))

/* The layouts have pid, uid and value in common, from the 16th byte on. */
static void make_info(siginfo_t *info, size_t index)
{
	memset(info, 0, sizeof(*info));
	scenario_fill((char *)info + 16, 32, index);
	info->si_signo = numbers[index];
	info->si_errno = (int)index * 3;
	info->si_code = index % 2 ? SI_QUEUE : SI_MESGQ;
}

static void take(int number, siginfo_t *info)
{
	const struct timespec now = {0};
	uint64_t set = 1ULL << (number - 1);

	memset(info, 0, sizeof(*info));
	scenario_check_equal(scenario_call(syscall(SYS_rt_sigtimedwait, &set, info, &now, 8)), number);
}

int main(void)
{
	siginfo_t info, got;
	sigset_t set;
	pid_t child;
	int status;

	sigfillset(&set);
	scenario_call(sigprocmask(SIG_BLOCK, &set, NULL));
	for (size_t i = 0; i < COUNT; i++) {
		make_info(&info, i);
		scenario_call(syscall(SYS_rt_sigqueueinfo, getpid(), info.si_signo, &info));
	}
	child = scenario_call(fork());
	if (child == 0)
		_exit(23);
	scenario_call(waitpid(child, &status, 0));
	scenario_checkpoint();
	for (size_t i = 0; i < COUNT; i++) {
		make_info(&info, i);
		take(numbers[i], &got);
		if (got.si_code != info.si_code || got.si_errno != info.si_errno ||
		    memcmp((char *)&got + 16, (char *)&info + 16, 8) != 0 ||
		    (info.si_code == SI_QUEUE && got.si_value.sival_ptr != info.si_value.sival_ptr))
			scenario_fail("the siginfo of signal %d has changed", numbers[i]);
	}
	take(SIGCHLD, &got);
	scenario_check_equal(got.si_code, CLD_EXITED);
	scenario_check_equal(got.si_pid, child);
	scenario_check_equal(got.si_status, 23);
	scenario_pass();
}
