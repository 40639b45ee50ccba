/* SPDX-License-Identifier: MIT */
/* A pipe can hold as much as before, and can be made larger and smaller. */
#include "pipes.h"

static const int capacities[] = {4096, 8192, 65536, 131072, 1048576};

#define COUNT (sizeof(capacities) / sizeof(capacities[0]))

static char data[1048576], back[1048576];

static void write_all(int fd, size_t size)
{
	for (size_t done = 0; done < size;)
		done += (size_t)scenario_call(write(fd, data + done, size - done));
}

static void read_all(int fd, size_t size)
{
	for (size_t done = 0; done < size;)
		done += (size_t)scenario_call(read(fd, back + done, size - done));
	scenario_check(memcmp(data, back, size) == 0);
}

int main(void)
{
	struct pipe_pair full[COUNT], empty[COUNT];

	scenario_fill(data, sizeof(data), 1);
	for (size_t i = 0; i < COUNT; i++) {
		full[i] = pipes_make(O_NONBLOCK);
		empty[i] = pipes_make(O_NONBLOCK);
		scenario_check_equal(fcntl(full[i].read_fd, F_SETPIPE_SZ, capacities[i]), capacities[i]);
		scenario_check_equal(fcntl(empty[i].write_fd, F_SETPIPE_SZ, capacities[i]), capacities[i]);
		write_all(full[i].write_fd, (size_t)capacities[i]);
	}

	scenario_checkpoint();
	for (size_t i = 0; i < COUNT; i++) {
		scenario_check_equal(fcntl(full[i].write_fd, F_GETPIPE_SZ), capacities[i]);
		scenario_check_equal(fcntl(empty[i].read_fd, F_GETPIPE_SZ), capacities[i]);
		scenario_check(write(full[i].write_fd, "x", 1) < 0 && errno == EAGAIN);
		read_all(full[i].read_fd, (size_t)capacities[i]);
		write_all(empty[i].write_fd, (size_t)capacities[i]);
		scenario_check(write(empty[i].write_fd, "x", 1) < 0 && errno == EAGAIN);
		scenario_check_equal(fcntl(full[i].write_fd, F_SETPIPE_SZ, 16384), 16384);
		write_all(full[i].write_fd, 16384);
		scenario_check(fcntl(full[i].write_fd, F_SETPIPE_SZ, 8192) < 0 && errno == EBUSY);
		scenario_check(write(full[i].write_fd, "x", 1) < 0 && errno == EAGAIN);
	}
	scenario_pass();
}
