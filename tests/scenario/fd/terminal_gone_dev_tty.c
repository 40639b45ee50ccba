/* SPDX-License-Identifier: MIT */
/* Descriptors that were opened as /dev/tty, of a terminal that is gone: they are hung up, and the session
 * that it was the terminal of has none. */
#include <signal.h>

#include "terminal.h"

static void check_hung_up(int fd, int flags)
{
	char byte;

	scenario_check(ready(fd) & POLLHUP);
	scenario_check_equal(fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK), flags);
	if (flags != O_WRONLY)
		scenario_check_equal(read(fd, &byte, 1), 0);
	if ((flags & O_ACCMODE) != O_RDONLY)
		scenario_check(write(fd, "x", 1) < 0 && errno == EIO);
}

int main(void)
{
	int both, reader, writer, copy;
	struct pair pair, other;

	scenario_check(signal(SIGHUP, SIG_IGN) != SIG_ERR);
	pair_open(&pair);
	pair_open(&other);
	scenario_call(ioctl(pair.slave, TIOCSCTTY, 0));
	both = scenario_call(open("/dev/tty", O_RDWR));
	reader = scenario_call(open("/dev/tty", O_RDONLY | O_NONBLOCK | O_CLOEXEC));
	writer = scenario_call(open("/dev/tty", O_WRONLY));
	copy = scenario_call(dup(both));
	scenario_call(close(pair.slave));
	scenario_call(close(pair.master));
	scenario_checkpoint();
	check_hung_up(both, O_RDWR);
	check_hung_up(reader, O_RDONLY | O_NONBLOCK);
	check_hung_up(writer, O_WRONLY);
	scenario_call(fcntl(copy, F_SETFL, O_NONBLOCK));
	check_hung_up(both, O_RDWR | O_NONBLOCK);
	scenario_check(open("/dev/tty", O_RDWR) < 0 && errno == ENXIO);
	/* It can have another. */
	scenario_call(ioctl(other.slave, TIOCSCTTY, 0));
	scenario_check_equal(tcgetsid(other.slave), getsid(0));
	scenario_pass();
}
