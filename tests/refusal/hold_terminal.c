/* SPDX-License-Identifier: MIT */
/* Makes pseudo-terminals in states that cannot be preserved, and in some that can. */
#include "hold_terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define N_NULL 27

static int open_slave(int ends[2])
{
	char name[64];

	if (ptsname_r(ends[0], name, sizeof(name)) != 0)
		return -1;
	ends[1] = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK);
	return ends[1] < 0 ? -1 : 0;
}

/* Nothing but that. */
static int hold_plain(int ends[2])
{
	return open_slave(ends);
}

/* Written to before its slave was opened. */
static int hold_early(int ends[2])
{
	ends[1] = -1;
	return write(ends[0], "early", 5) == 5 ? 0 : -1;
}

/* With output that nobody has read. */
static int hold_unread(int ends[2])
{
	struct pollfd look;

	if (open_slave(ends) < 0 || write(ends[1], "unread", 6) != 6)
		return -1;
	look = (struct pollfd){.fd = ends[0], .events = POLLIN};
	return poll(&look, 1, 5000) == 1 ? 0 : -1;
}

/* Stopped by ^S, with echo that waits. */
static int hold_echo(int ends[2])
{
	struct pollfd look;

	if (open_slave(ends) < 0 || write(ends[0], "\023echo\n", 6) != 6)
		return -1;
	look = (struct pollfd){.fd = ends[1], .events = POLLIN};
	return poll(&look, 1, 5000) == 1 ? 0 : -1;
}

static int hold_discipline(int ends[2])
{
	int discipline = N_NULL;

	return open_slave(ends) < 0 ? -1 : ioctl(ends[1], TIOCSETD, &discipline);
}

/* Gone, but for a mere path to its node; the master is that of a later one with its number. */
static int hold_gone(int ends[2])
{
	ends[1] = open(ptsname(ends[0]), O_PATH);
	close(ends[0]);
	ends[0] = posix_openpt(O_RDWR | O_NOCTTY);
	return ends[0] < 0 || ends[1] < 0 ? -1 : 0;
}

static const struct {
	const char *name;
	int (*hold)(int ends[2]);
} states[] = {
	{"terminal", hold_plain},
	{"terminal-early", hold_early},
	{"terminal-unread", hold_unread},
	{"terminal-echo", hold_echo},
	{"terminal-discipline", hold_discipline},
	{"terminal-gone", hold_gone},
};

int hold_terminal(const char *what, int ends[2])
{
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (strcmp(what, states[i].name) != 0)
			continue;
		ends[0] = posix_openpt(O_RDWR | O_NOCTTY);
		if (ends[0] < 0 || grantpt(ends[0]) < 0 || unlockpt(ends[0]) < 0)
			return -1;
		return states[i].hold(ends);
	}
	return -2;
}
