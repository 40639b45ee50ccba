/* SPDX-License-Identifier: MIT */
/* Descriptors of /dev/tty: of the controlling terminal, and of one that it was before. */
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "terminal.h"

static void check_name(int fd)
{
	char path[64], link[64] = "";
	struct stat st;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	scenario_call(readlink(path, link, sizeof(link) - 1));
	scenario_check(strcmp(link, "/dev/tty") == 0);
	scenario_call(fstat(fd, &st));
	scenario_check(st.st_rdev == makedev(5, 0));
}

int main(void)
{
	struct pair old, new;
	int old_tty, new_tty;

	signal(SIGHUP, SIG_IGN);
	pair_open(&old);
	pair_open(&new);
	change_local(old.slave, ECHO, 0);
	scenario_call(ioctl(old.slave, TIOCSCTTY, 0));
	old_tty = scenario_call(open("/dev/tty", O_RDWR | O_NONBLOCK));
	scenario_call(ioctl(old.slave, TIOCNOTTY));
	scenario_call(ioctl(new.slave, TIOCSCTTY, 0));
	new_tty = scenario_call(open("/dev/tty", O_WRONLY));
	scenario_call(close(old.slave));
	scenario_checkpoint();
	check_name(old_tty);
	check_name(new_tty);
	PUT(old_tty, "old");
	await_input(old.master);
	EXPECT(old.master, "old");
	PUT(new_tty, "new");
	await_input(new.master);
	EXPECT(new.master, "new");
	PUT(old.master, "line\n");
	await_input(old_tty);
	EXPECT(old_tty, "line\n");
	scenario_check_equal(tcgetsid(new.slave), getpid());
	scenario_check_equal(tcgetsid(old.master), -1);
	scenario_pass();
}
