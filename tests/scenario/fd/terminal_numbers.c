/* SPDX-License-Identifier: MIT */
/* Many pseudo-terminals, with gaps between their numbers, keep them; shared descriptions stay shared. */
#include "terminal.h"

#define COUNT 24

int main(void)
{
	struct pair pairs[COUNT];
	int copy;

	for (int i = 0; i < COUNT; i++)
		pair_open(&pairs[i]);
	for (int i = 0; i < COUNT; i += 3) {
		scenario_call(close(pairs[i].slave));
		scenario_call(close(pairs[i].master));
	}
	copy = scenario_call(dup(pairs[1].slave));
	scenario_checkpoint();
	for (int i = 0; i < COUNT; i++) {
		char name[64];

		if (i % 3 == 0)
			continue;
		scenario_check(ptsname_r(pairs[i].master, name, sizeof(name)) == 0);
		scenario_check(strcmp(name, pairs[i].name) == 0);
		scenario_check(strcmp(ttyname(pairs[i].slave), pairs[i].name) == 0);
		PUT(pairs[i].slave, "x");
		await_input(pairs[i].master);
		EXPECT(pairs[i].master, "x");
	}
	scenario_call(fcntl(copy, F_SETFL, fcntl(copy, F_GETFL) & ~O_NONBLOCK));
	scenario_check_equal(fcntl(pairs[1].slave, F_GETFL) & O_NONBLOCK, 0);
	scenario_pass();
}
