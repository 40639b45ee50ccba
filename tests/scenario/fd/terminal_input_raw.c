/* SPDX-License-Identifier: MIT */
/* Raw input that nobody has read yet: all byte values, fewer than VMIN, and one that was made a line later.
 */
#include "terminal.h"

int main(void)
{
	struct pair raw, few, pushed;
	struct termios settings;
	char bytes[256];

	for (int i = 0; i < 256; i++)
		bytes[i] = (char)i;
	pair_open(&raw);
	make_raw(raw.slave);
	put(raw.master, bytes, sizeof(bytes));
	await_waiting(raw.slave, sizeof(bytes));
	/* Interpreted from now on, but not what is there already. */
	change_local(raw.slave, 0, ECHO | ISIG);

	pair_open(&few);
	make_raw(few.slave);
	scenario_call(tcgetattr(few.slave, &settings));
	settings.c_cc[VMIN] = 5;
	scenario_call(tcsetattr(few.slave, TCSANOW, &settings));
	PUT(few.master, "abc");
	await_waiting(few.slave, 3);

	pair_open(&pushed);
	make_raw(pushed.slave);
	PUT(pushed.master, "un\nfinished");
	await_waiting(pushed.slave, 11);
	change_local(pushed.slave, 0, ICANON);
	PUT(pushed.master, "more");

	scenario_checkpoint();
	expect(raw.slave, bytes, sizeof(bytes));
	scenario_check_equal(ready(raw.master), POLLOUT);

	scenario_check_equal(ready(few.slave), POLLOUT);
	PUT(few.master, "de");
	await_input(few.slave);
	EXPECT(few.slave, "abcde");

	EXPECT(pushed.slave, "un\nfinished");
	expect_error(pushed.slave, EAGAIN);
	PUT(pushed.master, " line\n");
	await_input(pushed.slave);
	EXPECT(pushed.slave, "more line\n");
	scenario_pass();
}
