/* SPDX-License-Identifier: MIT */
/* ^C and its like. */
#include "common/interrupt.h"

#include <errno.h>
#include <signal.h>

static volatile sig_atomic_t has_interrupt;

static void note_interrupt(int signal)
{
	(void)signal;
	has_interrupt = 1;
}

int interrupt_init(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	struct sigaction action = {.sa_handler = note_interrupt};
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		struct sigaction old;

		if (sigaction(signals[i], NULL, &old) < 0)
			return -errno;
		/* What whoever started us ignores (nohup) stays ignored. */
		if (old.sa_handler != SIG_IGN && sigaction(signals[i], &action, NULL) < 0)
			return -errno;
	}
	return sigaction(SIGPIPE, &ignore, NULL) < 0 ? -errno : 0;
}

bool interrupted(void)
{
	return has_interrupt != 0;
}
