/* SPDX-License-Identifier: MIT */
/* What is in a pipe is there afterwards, in order and once, and what is written then comes behind it. */
#include "pipes.h"

int main(void)
{
	struct pipe_pair empty = pipes_make(O_NONBLOCK), small = pipes_make(O_NONBLOCK);
	struct pipe_pair large = pipes_make(O_NONBLOCK), used = pipes_make(O_NONBLOCK);

	pipes_write(small.write_fd, "one", 3);
	pipes_write(small.write_fd, "two", 3);
	pipes_write_filled(large.write_fd, 50000, 1);
	/* Of the first page only a part is left. */
	pipes_write_filled(used.write_fd, 1000, 2);
	pipes_write_filled(used.write_fd, 6000, 3);
	pipes_read_filled(used.read_fd, 1000, 1000, 2);

	scenario_checkpoint();
	scenario_check_equal(pipes_held(empty.read_fd), 0);
	scenario_check_equal(pipes_held(small.write_fd), 6);
	scenario_check_equal(pipes_held(large.read_fd), 50000);
	scenario_check_equal(pipes_held(used.read_fd), 6000);
	scenario_check_equal(pipes_poll(empty.read_fd), 0);
	scenario_check_equal(pipes_poll(empty.write_fd), POLLOUT);
	scenario_check_equal(pipes_poll(small.read_fd), POLLIN);

	pipes_write(small.write_fd, "three", 5);
	pipes_read_text(small.read_fd, "onetwothree");
	pipes_check_empty(small.read_fd);
	pipes_read_filled(large.read_fd, 65536, 50000, 1);
	pipes_check_empty(large.read_fd);
	pipes_write_filled(used.write_fd, 100, 4);
	pipes_read_filled(used.read_fd, 6000, 6000, 3);
	pipes_read_filled(used.read_fd, 6000, 100, 4);
	pipes_check_empty(empty.read_fd);
	pipes_write(empty.write_fd, "x", 1);
	pipes_read_text(empty.read_fd, "x");

	/* The ends are connected as they were: closing one is seen on the other. */
	close(large.write_fd);
	scenario_check_equal(pipes_poll(large.read_fd), POLLHUP);
	pipes_check_end(large.read_fd);
	scenario_pass();
}
