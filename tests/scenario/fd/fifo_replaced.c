/* SPDX-License-Identifier: MIT */
/* A deleted FIFO whose name another one has taken, and one that was renamed: each is still what it was. */
/* no-compare */
/* What has no name cannot have the one that is taken, not even in /proc. */
#include <sys/stat.h>

#include "pipes.h"

int main(void)
{
	int old, new, moved, fd;

	scenario_call(mkfifo("fifo", 0600));
	old = scenario_call(open("fifo", O_RDWR | O_NONBLOCK));
	scenario_call(unlink("fifo"));
	scenario_call(mkfifo("fifo", 0600));
	new = scenario_call(open("fifo", O_RDWR | O_NONBLOCK));
	scenario_call(mkfifo("first name", 0600));
	moved = scenario_call(open("first name", O_RDWR | O_NONBLOCK));
	scenario_call(rename("first name", "second name"));
	pipes_write(old, "old", 3);
	pipes_write(new, "new", 3);
	pipes_write(moved, "moved", 5);

	scenario_checkpoint();
	pipes_read_text(old, "old");
	pipes_check_empty(old);
	fd = scenario_call(open("fifo", O_RDONLY | O_NONBLOCK));
	pipes_read_text(fd, "new");
	pipes_check_empty(new);
	fd = scenario_call(open("second name", O_WRONLY));
	pipes_write(fd, " on", 3);
	pipes_read_text(moved, "moved on");
	scenario_pass();
}
