/* SPDX-License-Identifier: MIT */
/* Masters whose slave was never opened, or closed; slaves whose master was closed; hung up by vhangup(2). */
/* needs: cap_sys_admin */
#include <signal.h>

#include "terminal.h"

#define TIOCVHANGUP_ 0x5437

static void check_hung_up(int fd)
{
	struct termios settings;
	char byte = 'x';

	scenario_check_equal(ready(fd) & (POLLIN | POLLHUP | POLLERR), POLLIN | POLLHUP | POLLERR);
	scenario_check_equal(read(fd, &byte, 1), 0);
	scenario_check_equal(write(fd, &byte, 1), -1);
	scenario_check_equal(errno, EIO);
	scenario_check_equal(tcgetattr(fd, &settings), -1);
	scenario_check_equal(errno, EIO);
}

int main(void)
{
	struct pair fresh, closed, orphan, hung;
	int reopened, other, tty;

	signal(SIGHUP, SIG_IGN); /* for the leader of the session of a terminal that is hung up */
	pair_open_master(&fresh);
	pair_open(&closed);
	change_local(closed.slave, ECHO, 0);
	scenario_call(close(closed.slave));
	pair_open(&orphan);
	other = scenario_call(open(orphan.name, O_WRONLY | O_NOCTTY));
	scenario_call(close(orphan.master));
	pair_open(&hung);
	scenario_call(ioctl(hung.slave, TIOCSCTTY, 0));
	tty = scenario_call(open("/dev/tty", O_RDWR));
	scenario_call(ioctl(hung.slave, TIOCVHANGUP_));
	reopened = pair_open_slave(&hung);
	change_local(reopened, ECHO, 0);

	scenario_checkpoint();
	scenario_check_equal(ready(fresh.master), POLLOUT);
	fresh.slave = pair_open_slave(&fresh);
	PUT(fresh.slave, "fresh");
	await_input(fresh.master);
	EXPECT(fresh.master, "fresh");

	scenario_check_equal(ready(closed.master), POLLOUT | POLLHUP);
	expect_error(closed.master, EIO);
	closed.slave = pair_open_slave(&closed);
	PUT(closed.master, "no echo\n");
	await_input(closed.slave);
	EXPECT(closed.slave, "no echo\n");
	scenario_check_equal(ready(closed.master), POLLOUT);

	check_hung_up(orphan.slave);
	scenario_check(ready(other) & POLLHUP);
	scenario_check(access(orphan.name, F_OK) < 0);

	check_hung_up(hung.slave);
	check_hung_up(tty);
	scenario_check_equal(ready(hung.master), POLLOUT);
	PUT(hung.master, "live\n");
	await_input(reopened);
	EXPECT(reopened, "live\n");
	scenario_pass();
}
