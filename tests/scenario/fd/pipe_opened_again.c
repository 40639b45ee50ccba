/* SPDX-License-Identifier: MIT */
/* Open file descriptions of a pipe that open(2) has made by way of /proc/self/fd, with all their flags. */
#include "pipes.h"

#define LARGEFILE 0100000 /* as the kernel sees it */

int main(void)
{
	struct pipe_pair pair = pipes_make(O_CLOEXEC), only_again = pipes_make(0), only_path = pipes_make(0);
	int both = pipes_open_again(pair.read_fd, O_RDWR | O_NONBLOCK);
	int reader = pipes_open_again(pair.write_fd, O_RDONLY | O_NOATIME);
	int writer = pipes_open_again(pair.read_fd, O_WRONLY | O_APPEND | O_SYNC | O_CLOEXEC);
	int path = pipes_open_again(pair.read_fd, O_PATH);
	int other, again;

	other = pipes_open_again(only_again.read_fd, O_RDWR);
	pipes_write(other, "kept", 4);
	close(only_again.read_fd);
	close(only_again.write_fd);
	again = pipes_open_again(only_path.read_fd, O_PATH);
	close(only_path.read_fd);
	close(only_path.write_fd);
	scenario_call(fcntl(reader, F_SETFL, O_NONBLOCK));

	scenario_checkpoint();
	scenario_check_equal(fcntl(both, F_GETFL), LARGEFILE | O_RDWR | O_NONBLOCK);
	scenario_check_equal(fcntl(reader, F_GETFL), LARGEFILE | O_RDONLY | O_NONBLOCK);
	scenario_check_equal(fcntl(writer, F_GETFL), LARGEFILE | O_WRONLY | O_APPEND | O_SYNC);
	scenario_check_equal(fcntl(writer, F_GETFD), FD_CLOEXEC);
	scenario_check_equal(fcntl(path, F_GETFL), O_PATH);
	scenario_check_equal(fcntl(pair.read_fd, F_GETFL), O_RDONLY);
	scenario_check_equal(fcntl(pair.write_fd, F_GETFL), O_WRONLY);

	/* All are of one pipe. */
	pipes_write(writer, "1", 1);
	pipes_write(pair.write_fd, "2", 1);
	pipes_write(both, "3", 1);
	pipes_read_text(both, "1");
	pipes_read_text(reader, "2");
	pipes_read_text(pair.read_fd, "3");
	pipes_check_empty(both);
	other = pipes_open_again(path, O_WRONLY);
	pipes_write(other, "4", 1);
	pipes_read_text(pair.read_fd, "4");
	close(other);
	close(writer);
	close(pair.write_fd);
	pipes_check_empty(reader);
	close(both);
	pipes_check_end(reader);

	/* Of this one only the path is left: it can be opened, and is empty. */
	scenario_check_equal(fcntl(again, F_GETFL), O_PATH);
	other = pipes_open_again(again, O_RDWR | O_NONBLOCK);
	pipes_check_empty(other);
	pipes_write(other, "5", 1);
	pipes_read_text(other, "5");
	scenario_pass();
}
