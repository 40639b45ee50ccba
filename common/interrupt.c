/* SPDX-License-Identifier: MIT */
/* ^C and its like. */
#include "common/interrupt.h"

#include <errno.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/cleanup.h"

static volatile sig_atomic_t has_interrupt;
static int event_fd = -EBADF;

static void note_interrupt(int signal)
{
	const uint64_t one = 1;
	int saved = errno;

	(void)signal;
	has_interrupt = 1;
	if (write(event_fd, &one, sizeof(one)) < 0)
		errno = saved; /* it is readable already */
	errno = saved;
}

int interrupt_init(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	struct sigaction action = {.sa_handler = note_interrupt};
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	close_fd(&event_fd);
	event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (event_fd < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		struct sigaction old;

		if (sigaction(signals[i], NULL, &old) < 0)
			return -errno;
		/* What whoever started us ignores (nohup) stays ignored. */
		if (old.sa_handler != SIG_IGN && sigaction(signals[i], &action, NULL) < 0)
			return -errno;
	}
	if (sigaction(SIGPIPE, &ignore, NULL) < 0 || sigaction(SIGXFSZ, &ignore, NULL) < 0)
		return -errno;
	return 0;
}

int interrupt_fd(void)
{
	return event_fd;
}

bool interrupted(void)
{
	return has_interrupt != 0;
}
