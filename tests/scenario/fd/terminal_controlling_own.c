/* SPDX-License-Identifier: MIT */
/* A session leader with its own controlling terminal, whose slave it has closed: /dev/tty and the signals of
 * the terminal still find it. */
#include <signal.h>

#include "terminal.h"

static volatile sig_atomic_t interrupts, windows;

static void count(int signal)
{
	if (signal == SIGINT)
		interrupts++;
	else
		windows++;
}

int main(void)
{
	struct winsize window = {.ws_row = 5, .ws_col = 6};
	struct pair pair;
	int tty;

	scenario_check_equal(getsid(0), getpid());
	pair_open(&pair);
	change_local(pair.slave, ECHO, 0);
	scenario_call(ioctl(pair.slave, TIOCSCTTY, 0));
	scenario_call(close(pair.slave));
	signal(SIGINT, count);
	signal(SIGWINCH, count);
	scenario_checkpoint();
	scenario_check_equal(windows, 0);
	scenario_check(ready(pair.master) & POLLHUP);
	tty = scenario_call(open("/dev/tty", O_RDWR));
	scenario_check_equal(ready(pair.master), POLLOUT);
	scenario_check_equal(tcgetpgrp(tty), getpgrp());
	scenario_check_equal(tcgetsid(tty), getpid());
	PUT(pair.master, "\003");
	while (interrupts == 0)
		scenario_sleep_ms(1);
	scenario_call(ioctl(pair.master, TIOCSWINSZ, &window));
	while (windows == 0)
		scenario_sleep_ms(1);
	PUT(tty, "through /dev/tty");
	await_input(pair.master);
	EXPECT(pair.master, "through /dev/tty");
	scenario_pass();
}
