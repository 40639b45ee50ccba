/* SPDX-License-Identifier: MIT */
/* Output that the master has not read yet, a little and a lot; also of a slave that has been closed since. */
#include "terminal.h"

#define SIZE 20000

static char text[SIZE];

static void read_all(int fd, size_t size)
{
	for (size_t done = 0; done < size;) {
		char buffer[SIZE];
		ssize_t got;

		await_input(fd);
		got = scenario_call(read(fd, buffer, sizeof(buffer)));
		scenario_check(got > 0 && done + (size_t)got <= size);
		scenario_check(memcmp(buffer, text + done, (size_t)got) == 0);
		done += (size_t)got;
	}
}

int main(void)
{
	struct pair little, lot, closed;
	size_t size;

	pair_open(&little);
	PUT(little.slave, "one\ntwo\tthree\r");
	await_waiting(little.master, 15);

	pair_open(&lot);
	make_raw(lot.slave);
	scenario_fill(text, SIZE, 5);
	size = (size_t)scenario_call(write(lot.slave, text, SIZE));
	scenario_check(size > 4095);
	await_waiting(lot.master, 4095);

	pair_open(&closed);
	PUT(closed.slave, "last words\n");
	await_waiting(closed.master, 12);
	scenario_call(close(closed.slave));
	scenario_check_equal(ready(closed.master) & (POLLIN | POLLHUP), POLLIN | POLLHUP);

	scenario_checkpoint();
	EXPECT(little.master, "one\r\ntwo\tthree\r");
	scenario_check_equal(ready(little.master), POLLOUT);
	PUT(little.slave, "four\n");
	await_input(little.master);
	EXPECT(little.master, "four\r\n");

	read_all(lot.master, size);
	scenario_check_equal(ready(lot.master), POLLOUT);

	scenario_check_equal(ready(closed.master) & (POLLIN | POLLHUP), POLLIN | POLLHUP);
	EXPECT(closed.master, "last words\r\n");
	expect_error(closed.master, EIO);
	closed.slave = pair_open_slave(&closed);
	scenario_check_equal(ready(closed.master), POLLOUT);
	PUT(closed.slave, "again");
	await_input(closed.master);
	EXPECT(closed.master, "again");
	scenario_pass();
}
