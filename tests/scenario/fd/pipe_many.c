/* SPDX-License-Identifier: MIT */
/* Hundreds of pipes, each with something in it: none is taken for another. */
#include "pipes.h"

#define COUNT 400

int main(void)
{
	struct pipe_pair pairs[COUNT];

	for (unsigned i = 0; i < COUNT; i++) {
		pairs[i] = pipes_make(O_NONBLOCK);
		pipes_write_filled(pairs[i].write_fd, 1 + i * 7, i);
	}
	/* Numbers in another order. */
	for (unsigned i = 0; i < COUNT; i += 3) {
		int moved = scenario_call(fcntl(pairs[i].read_fd, F_DUPFD, 850));

		close(pairs[i].read_fd);
		pairs[i].read_fd = moved;
	}

	scenario_checkpoint();
	for (unsigned i = 0; i < COUNT; i++) {
		pipes_read_filled(pairs[i].read_fd, 65536, 1 + i * 7, i);
		pipes_check_empty(pairs[i].read_fd);
		close(pairs[i].write_fd);
		pipes_check_end(pairs[i].read_fd);
	}
	scenario_pass();
}
