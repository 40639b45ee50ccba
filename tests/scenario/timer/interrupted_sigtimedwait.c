/* SPDX-License-Identifier: MIT */
/* sigtimedwait(2) ends with EAGAIN at its timeout and not with EINTR. */
/* not: stop */
/* no-compare */
#include <signal.h>

#include "interrupted.h"

/* The kernel itself does not continue this one; whoever interrupts it has to see to that. */
static int wait_signal(void)
{
	struct timespec timeout = {.tv_nsec = INTERRUPTED_MS * SCENARIO_MS};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (sigtimedwait(&set, NULL, &timeout) >= 0)
		return -1;
	return errno == EAGAIN ? 0 : errno;
}

int main(void)
{
	struct interrupted calls[] = {
		{.block = wait_signal,
		 .name = "sigtimedwait",
		 .number = SYS_rt_sigtimedwait,
		 .is_made_anew = true},
	};

	interrupted_run(calls, 1);
	scenario_pass();
}
