/* SPDX-License-Identifier: MIT */
/* Input that waits in terminals whose lines are edited elsewhere (EXTPROC), with and without canonical mode,
 * set before it came and after; when that is taken off, what is left is a line. */
#include "terminal.h"

#ifndef EXTPROC
#define EXTPROC 0200000
#endif

int main(void)
{
	struct pair before, after, raw, next, begun;

	char text[4];

	pair_open(&before);
	change_local(before.slave, ECHO, EXTPROC);
	PUT(before.master, "one\ntwo");
	await_waiting(before.slave, 7);
	pair_open(&after);
	change_local(after.slave, ECHO, 0);
	PUT(after.master, "one\ntwo\nthr");
	await_waiting(after.slave, 8);
	change_local(after.slave, 0, EXTPROC);
	pair_open(&raw);
	change_local(raw.slave, ECHO | ICANON, EXTPROC);
	PUT(raw.master, "one\ntwo");
	await_waiting(raw.slave, 7);
	pair_open(&next);
	change_local(next.slave, ECHO, 0);
	PUT(next.master, "one\n\026");
	await_waiting(next.slave, 4);
	change_local(next.slave, 0, EXTPROC);
	pair_open(&begun);
	change_local(begun.slave, ECHO, EXTPROC);
	PUT(begun.master, "one\ntwo");
	await_waiting(begun.slave, 7);
	scenario_check_equal(read(begun.slave, text, 3), 3);
	scenario_checkpoint();
	EXPECT(begun.slave, "\ntwo");
	EXPECT(before.slave, "one\ntwo");
	scenario_check_equal(waiting(after.slave), 11);
	change_local(after.slave, EXTPROC, 0);
	PUT(after.master, "ee\n");
	await_waiting(after.slave, 14);
	EXPECT(after.slave, "one\ntwo\nthr");
	EXPECT(after.slave, "ee\n");
	EXPECT(raw.slave, "one\ntwo");
	EXPECT(next.slave, "one\n");
	PUT(next.master, "\003");
	await_waiting(next.slave, 1);
	EXPECT(next.slave, "\003");
	scenario_pass();
}
