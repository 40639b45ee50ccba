/* SPDX-License-Identifier: MIT */
/* FIFOs without a writer, that had one or never had, and without a reader. */
#include <signal.h>
#include <sys/stat.h>

#include "pipes.h"

static int make(const char *path, int flags)
{
	scenario_call(mkfifo(path, 0600));
	return scenario_call(open(path, flags | O_NONBLOCK));
}

int main(void)
{
	int quiet = make("quiet", O_RDONLY), ended = make("ended", O_RDONLY), second, broken, unread, rest,
	    fd;

	signal(SIGPIPE, SIG_IGN);
	/* A reader hears of the end only when it has heard of a writer. */
	fd = scenario_call(open("ended", O_WRONLY));
	close(fd);
	second = scenario_call(open("ended", O_RDONLY | O_NONBLOCK));
	rest = make("rest", O_RDONLY);
	fd = scenario_call(open("rest", O_WRONLY));
	pipes_write(fd, "the rest", 8);
	close(fd);
	fd = make("broken", O_RDONLY);
	broken = scenario_call(open("broken", O_WRONLY));
	close(fd);
	fd = make("unread", O_RDONLY);
	unread = scenario_call(open("unread", O_WRONLY));
	pipes_write(unread, "unread", 6);
	close(fd);
	scenario_check_equal(pipes_poll(quiet), 0);
	scenario_check_equal(pipes_poll(ended), POLLHUP);
	scenario_check_equal(pipes_poll(second), 0);

	scenario_checkpoint();
	scenario_check_equal(pipes_poll(quiet), 0);
	pipes_check_end(quiet);
	scenario_check_equal(pipes_poll(ended), POLLHUP);
	scenario_check_equal(pipes_poll(second), 0);
	scenario_check_equal(pipes_poll(rest), POLLIN | POLLHUP);
	pipes_read_text(rest, "the rest");
	pipes_check_end(rest);
	scenario_check_equal(pipes_poll(broken), POLLOUT | POLLERR);
	scenario_check(write(broken, "x", 1) < 0 && errno == EPIPE);
	scenario_check(open("quiet", O_WRONLY | O_NONBLOCK) >= 0);

	scenario_check_equal(pipes_poll(unread), POLLOUT | POLLERR);
	fd = scenario_call(open("unread", O_RDONLY));
	scenario_check_equal(pipes_poll(unread), POLLOUT);
	pipes_read_text(fd, "unread");

	fd = scenario_call(open("ended", O_WRONLY));
	scenario_check_equal(pipes_poll(ended), 0);
	close(fd);
	scenario_check_equal(pipes_poll(second), POLLHUP);
	scenario_pass();
}
