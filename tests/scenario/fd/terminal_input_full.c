/* SPDX-License-Identifier: MIT */
/* More input than a terminal takes: what waits before it is processed by the settings when there is room. */
#include "terminal.h"

#define SIZE 6000
#define ROOM 4095

static char text[SIZE];

/* Reads COUNT bytes; before the one number FROM they were lower case when they were processed. */
static void read_all(int fd, size_t count)
{
	for (size_t done = 0; done < count;) {
		char buffer[SIZE];
		ssize_t got;

		await_input(fd);
		got = scenario_call(read(fd, buffer, sizeof(buffer)));
		scenario_check(done + (size_t)got <= count);
		scenario_check(memcmp(buffer, text + done, (size_t)got) == 0);
		done += (size_t)got;
	}
}

int main(void)
{
	struct pair pair;
	struct termios settings;

	pair_open(&pair);
	make_raw(pair.slave);
	for (size_t i = 0; i < SIZE; i++)
		text[i] = (char)('A' + i % 26);
	put(pair.master, text, SIZE);
	await_waiting(pair.slave, ROOM);
	/* Not for what has been processed. */
	scenario_call(tcgetattr(pair.slave, &settings));
	settings.c_iflag |= IUCLC;
	settings.c_lflag |= IEXTEN;
	scenario_call(tcsetattr(pair.slave, TCSANOW, &settings));
	for (size_t i = ROOM; i < SIZE; i++)
		text[i] = (char)('a' + i % 26);
	scenario_checkpoint();
	scenario_check_equal(waiting(pair.slave), ROOM);
	read_all(pair.slave, SIZE);
	expect_error(pair.slave, EAGAIN);
	scenario_pass();
}
