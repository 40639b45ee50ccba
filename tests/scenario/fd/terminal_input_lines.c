/* SPDX-License-Identifier: MIT */
/* Lines that nobody has read yet, an end of file among them, and the beginning of one that is still typed. */
#include "terminal.h"

int main(void)
{
	struct pair pair;
	struct termios settings;

	pair_open(&pair);
	scenario_call(tcgetattr(pair.slave, &settings));
	settings.c_lflag &= ~(tcflag_t)ECHO;
	settings.c_cc[VEOL] = ';';
	scenario_call(tcsetattr(pair.slave, TCSANOW, &settings));
	/* A line; two by the additional end; one with an interrupt, a newline and a NUL in it, taken
	   literally; an end of file behind text; one alone. */
	PUT(pair.master, "first\nse;cond;\026\003 \026\n\026\0\377\nthird\004\004par\177tial\026");
	await_waiting(pair.slave, 6 + 3 + 5 + 6 + 5);
	scenario_checkpoint();
	scenario_check_equal(waiting(pair.slave), 6 + 3 + 5 + 6 + 5);
	EXPECT(pair.slave, "first\n");
	EXPECT(pair.slave, "se;");
	EXPECT(pair.slave, "cond;");
	EXPECT(pair.slave, "\003 \n\0\377\n");
	EXPECT(pair.slave, "third");
	EXPECT(pair.slave, "");
	expect_error(pair.slave, EAGAIN);
	/* The byte after ^V is literal, and the line can be edited. */
	PUT(pair.master, "\004x\177\177y\n");
	await_input(pair.slave);
	EXPECT(pair.slave, "patialy\n");
	scenario_check_equal(ready(pair.master), POLLOUT);
	scenario_pass();
}
