/* SPDX-License-Identifier: MIT */
/* Packet mode, with output that waits. */
#include "terminal.h"

int main(void)
{
	struct pair pair;
	int on = 1, mode = 0;

	pair_open(&pair);
	scenario_call(ioctl(pair.master, TIOCPKT, &on));
	PUT(pair.slave, "text");
	await_waiting(pair.master, 4);
	scenario_checkpoint();
	scenario_call(ioctl(pair.master, TIOCGPKT, &mode));
	scenario_check_equal(mode, 1);
	scenario_check_equal(ready(pair.master), POLLIN | POLLOUT);
	EXPECT(pair.master, "\0text");
	scenario_call(tcflow(pair.slave, TCOOFF));
	scenario_check(ready(pair.master) & POLLPRI);
	EXPECT(pair.master, "\4");
	scenario_pass();
}
