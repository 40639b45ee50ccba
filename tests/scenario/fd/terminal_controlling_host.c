/* SPDX-License-Identifier: MIT */
/* A virtual console is the controlling terminal of the program, whose child is in the foreground there; it
 * has come by it by opening it, under a name of its own. */
/* needs: root /dev/tty31 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include "scenario.h"

#define CONSOLE 31

static void check(int fd, pid_t foreground)
{
	int terminal = scenario_call(open("/dev/tty", O_RDWR | O_CLOEXEC));

	scenario_check_equal(tcgetsid(fd), getsid(0));
	scenario_check_equal(tcgetpgrp(fd), foreground);
	scenario_check_equal(tcgetpgrp(terminal), foreground);
	scenario_call(close(terminal));
}

static _Noreturn void be_in_foreground(int fd, pid_t *parent)
{
	while (tcgetpgrp(fd) != getpid())
		scenario_sleep_ms(1);
	scenario_mark("child");
	scenario_join();
	check(fd, getpid());
	scenario_check_equal(getppid(), *parent);
	_exit(5);
}

int main(void)
{
	pid_t self = getpid(), child;
	int fd;

	scenario_call(mknod("console", S_IFCHR | 0600, makedev(4, CONSOLE)));
	fd = open("console", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		scenario_skip("cannot open a console: %s", strerror(errno));
	if (tcgetpgrp(fd) != self)
		scenario_skip("console %d belongs to another session", CONSOLE);
	check(fd, self);
	child = scenario_fork();
	if (child == 0) {
		scenario_call(setpgid(0, 0));
		be_in_foreground(fd, &self);
	}
	while (getpgid(child) != child)
		scenario_sleep_ms(1);
	scenario_call(tcsetpgrp(fd, child));
	scenario_await("child");
	scenario_checkpoint();
	check(fd, child);
	scenario_reap(child, 5);
	scenario_pass();
}
