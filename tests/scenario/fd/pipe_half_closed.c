/* SPDX-License-Identifier: MIT */
/* Pipes of which only one end is open: an end of file, a broken pipe, data that nobody can read yet. */
#include <signal.h>

#include "pipes.h"

static volatile sig_atomic_t signals;

static void count(int number)
{
	(void)number;
	signals++;
}

int main(void)
{
	struct pipe_pair ended = pipes_make(0), with_rest = pipes_make(0), broken = pipes_make(0);
	struct pipe_pair unread = pipes_make(0), packets = pipes_make(O_DIRECT);
	int again;

	signal(SIGPIPE, count);
	close(ended.write_fd);
	pipes_write(with_rest.write_fd, "the rest", 8);
	close(with_rest.write_fd);
	close(broken.read_fd);
	pipes_write_filled(unread.write_fd, 20000, 1);
	close(unread.read_fd);
	pipes_write(packets.write_fd, "one", 3);
	pipes_write(packets.write_fd, "two", 3);
	close(packets.read_fd);

	scenario_checkpoint();
	scenario_check_equal(signals, 0);
	scenario_check_equal(pipes_poll(ended.read_fd), POLLHUP);
	pipes_check_end(ended.read_fd);
	scenario_check_equal(pipes_poll(with_rest.read_fd), POLLIN | POLLHUP);
	pipes_read_text(with_rest.read_fd, "the rest");
	pipes_check_end(with_rest.read_fd);

	scenario_check_equal(pipes_poll(broken.write_fd), POLLOUT | POLLERR);
	scenario_check(write(broken.write_fd, "x", 1) < 0 && errno == EPIPE);
	scenario_check_equal(signals, 1);

	scenario_check_equal(pipes_poll(unread.write_fd), POLLOUT | POLLERR);
	scenario_check_equal(pipes_held(unread.write_fd), 20000);
	again = pipes_open_again(unread.write_fd, O_RDONLY | O_NONBLOCK);
	scenario_check_equal(pipes_poll(unread.write_fd), POLLOUT);
	pipes_read_filled(again, 65536, 20000, 1);
	pipes_write(unread.write_fd, "more", 4);
	pipes_read_text(again, "more");
	pipes_check_empty(again);

	again = pipes_open_again(packets.write_fd, O_RDONLY | O_NONBLOCK);
	scenario_check_equal(read(again, (char[64]){0}, 64), 3);
	pipes_read_text(again, "two");

	/* An end of file ends when there is a writer again. */
	again = pipes_open_again(ended.read_fd, O_WRONLY);
	scenario_check_equal(pipes_poll(ended.read_fd), 0);
	pipes_write(again, "new", 3);
	pipes_read_text(ended.read_fd, "new");
	scenario_pass();
}
