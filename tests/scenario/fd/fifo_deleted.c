/* SPDX-License-Identifier: MIT */
/* FIFOs that have lost their name, or their directory too, still connect what had them open, and stay without
 * a name. */
#include <sys/stat.h>

#include "pipes.h"

static void check_nameless(int fd, const char *path)
{
	struct stat st;

	scenario_call(fstat(fd, &st));
	scenario_check(S_ISFIFO(st.st_mode));
	scenario_check_equal(st.st_nlink, 0);
	scenario_check_equal(st.st_mode & 07777, 0640);
	scenario_check(access(path, F_OK) < 0);
}

static struct pipe_pair make(const char *path)
{
	struct pipe_pair pair;

	scenario_call(mkfifo(path, 0600));
	scenario_call(chmod(path, 0640));
	pair.read_fd = scenario_call(open(path, O_RDONLY | O_NONBLOCK));
	pair.write_fd = scenario_call(open(path, O_WRONLY));
	pipes_write(pair.write_fd, "before", 6);
	return pair;
}

int main(void)
{
	struct pipe_pair deleted = make("deleted"), lost;
	int both, quiet;

	scenario_call(mkdir("folder", 0700));
	scenario_call(mkdir("folder/below", 0700));
	lost = make("folder/below/lost");
	scenario_call(mkfifo("both", 0640));
	both = scenario_call(open("both", O_RDWR | O_NONBLOCK));
	scenario_call(mkfifo("quiet", 0640));
	quiet = scenario_call(open("quiet", O_RDONLY | O_NONBLOCK));
	scenario_call(unlink("deleted"));
	scenario_call(unlink("both"));
	scenario_call(unlink("quiet"));
	scenario_call(unlink("folder/below/lost"));
	scenario_call(rmdir("folder/below"));
	scenario_call(rmdir("folder"));

	scenario_checkpoint();
	check_nameless(deleted.read_fd, "deleted");
	check_nameless(lost.write_fd, "folder");
	check_nameless(both, "both");
	scenario_check_equal(pipes_poll(quiet), 0);
	pipes_write(deleted.write_fd, "after", 5);
	pipes_read_text(deleted.read_fd, "beforeafter");
	pipes_write(lost.write_fd, "after", 5);
	pipes_read_text(lost.read_fd, "beforeafter");
	pipes_check_empty(lost.read_fd);
	close(lost.write_fd);
	pipes_check_end(lost.read_fd);
	pipes_write(both, "both", 4);
	pipes_read_text(both, "both");
	close(pipes_open_again(quiet, O_WRONLY));
	scenario_check_equal(pipes_poll(quiet), POLLHUP);
	scenario_pass();
}
