/* SPDX-License-Identifier: MIT */
/* Output that was stopped by ^S goes on by ^Q, one stopped by tcflow(3) by tcflow(3) only. */
#include "terminal.h"

int main(void)
{
	struct pair typed, called, input;

	pair_open(&typed);
	change_local(typed.slave, ECHO, 0);
	PUT(typed.slave, "before");
	await_waiting(typed.master, 6);
	PUT(typed.master, "\023");
	while (ready(typed.slave) & POLLOUT)
		scenario_sleep_ms(1);

	pair_open(&called);
	change_local(called.slave, ECHO, 0);
	scenario_call(tcflow(called.slave, TCOOFF));
	scenario_check_equal(ready(called.slave), 0);

	pair_open(&input);
	scenario_call(tcflow(input.master, TCOOFF));
	scenario_check_equal(ready(input.master), 0);

	scenario_checkpoint();
	scenario_check_equal(ready(typed.slave), 0);
	scenario_check_equal(write(typed.slave, "x", 1), -1);
	scenario_check_equal(errno, EAGAIN);
	EXPECT(typed.master, "before");
	scenario_call(tcflow(typed.slave, TCOON));
	scenario_check_equal(ready(typed.slave), 0);
	PUT(typed.master, "\021");
	while (!(ready(typed.slave) & POLLOUT))
		scenario_sleep_ms(1);
	PUT(typed.slave, "after");
	await_input(typed.master);
	EXPECT(typed.master, "after");

	PUT(called.master, "\021line\n");
	await_input(called.slave);
	EXPECT(called.slave, "line\n");
	scenario_check_equal(ready(called.slave), 0);
	scenario_call(tcflow(called.slave, TCOON));
	scenario_check_equal(ready(called.slave), POLLOUT);

	scenario_check_equal(ready(input.master), 0);
	scenario_call(tcflow(input.master, TCOON));
	scenario_check_equal(ready(input.master), POLLOUT);
	scenario_pass();
}
