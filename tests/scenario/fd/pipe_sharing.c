/* SPDX-License-Identifier: MIT */
/* Descriptors of one end share its flags, and each has its own close-on-exec; the end is closed with the last
 * of them. */
#include "pipes.h"

int main(void)
{
	struct pipe_pair pair = pipes_make(0), other = pipes_make(O_CLOEXEC);
	int read_copy = scenario_call(dup(pair.read_fd));
	int write_copy = scenario_call(dup3(pair.write_fd, 40, O_CLOEXEC));
	int swapped = scenario_call(dup3(other.read_fd, 41, 0));

	pipes_write(pair.write_fd, "data", 4);

	scenario_checkpoint();
	scenario_check_equal(fcntl(pair.read_fd, F_GETFD), 0);
	scenario_check_equal(fcntl(write_copy, F_GETFD), FD_CLOEXEC);
	scenario_check_equal(fcntl(other.read_fd, F_GETFD), FD_CLOEXEC);
	scenario_check_equal(fcntl(swapped, F_GETFD), 0);
	scenario_check_equal(fcntl(pair.read_fd, F_GETFL), O_RDONLY);
	scenario_check_equal(fcntl(pair.write_fd, F_GETFL), O_WRONLY);

	scenario_call(fcntl(read_copy, F_SETFL, O_NONBLOCK));
	scenario_check_equal(fcntl(pair.read_fd, F_GETFL), O_RDONLY | O_NONBLOCK);
	scenario_check_equal(fcntl(pair.write_fd, F_GETFL), O_WRONLY);
	pipes_read_text(pair.read_fd, "data");
	close(pair.write_fd);
	pipes_check_empty(read_copy);
	pipes_write(write_copy, "more", 4);
	close(write_copy);
	pipes_read_text(read_copy, "more");
	pipes_check_end(pair.read_fd);

	close(other.read_fd);
	pipes_write(other.write_fd, "other", 5);
	pipes_read_text(swapped, "other");
	scenario_pass();
}
