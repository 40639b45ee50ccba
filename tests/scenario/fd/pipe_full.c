/* SPDX-License-Identifier: MIT */
/* A full pipe is full afterwards, whatever it is full of: pages, parts of pages, packets. */
#include "pipes.h"

/* Writes SIZE bytes at a time until no more go in; how many writes that were. */
static unsigned fill(int fd, size_t size)
{
	char data[8192];
	unsigned count = 0;

	for (;; count++) {
		scenario_fill(data, size, count);
		if (write(fd, data, size) < 0)
			break;
	}
	scenario_check_equal(errno, EAGAIN);
	return count;
}

static void check_full(struct pipe_pair pair, size_t size, unsigned count)
{
	scenario_check_equal(pipes_held(pair.read_fd), size * count);
	scenario_check_equal(pipes_poll(pair.write_fd), 0);
	scenario_check_equal(pipes_poll(pair.read_fd), POLLIN);
	scenario_check(write(pair.write_fd, (char[4096]){0}, size) < 0 && errno == EAGAIN);
	for (unsigned i = 0; i < count; i++)
		pipes_read_filled(pair.read_fd, size, size, i);
	pipes_check_empty(pair.read_fd);
	scenario_check_equal(pipes_poll(pair.write_fd), POLLOUT);
	scenario_check_equal(fill(pair.write_fd, size), count);
}

int main(void)
{
	struct pipe_pair pages = pipes_make(O_NONBLOCK), parts = pipes_make(O_NONBLOCK);
	struct pipe_pair packets = pipes_make(O_NONBLOCK | O_DIRECT), some_room = pipes_make(O_NONBLOCK);
	unsigned page_count = fill(pages.write_fd, 4096), part_count = fill(parts.write_fd, 3000);
	unsigned packet_count = fill(packets.write_fd, 10);

	/* The first page is half read: it still takes its place. */
	fill(some_room.write_fd, 4096);
	pipes_read_filled(some_room.read_fd, 2048, 2048, 0);

	scenario_checkpoint();
	scenario_check_equal(pipes_poll(some_room.write_fd), 0);
	scenario_check(write(some_room.write_fd, "x", 1) < 0 && errno == EAGAIN);
	scenario_check_equal(read(some_room.read_fd, (char[2048]){0}, 2048), 2048);
	scenario_check_equal(pipes_poll(some_room.write_fd), POLLOUT);
	pipes_write(some_room.write_fd, "x", 1);

	check_full(pages, 4096, page_count);
	check_full(parts, 3000, part_count);
	check_full(packets, 10, packet_count);
	scenario_pass();
}
