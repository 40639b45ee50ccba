/* SPDX-License-Identifier: MIT */
/* A watched file that has been moved or deleted goes on being watched: it is the file that counts. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

static int fd;

static void check_event(int wd, uint32_t mask)
{
	struct inotify_event event;

	scenario_check_equal(read(fd, &event, sizeof(event)), sizeof(event));
	scenario_check_equal(event.wd, wd);
	scenario_check_equal(event.mask, mask);
}

int main(void)
{
	const uint32_t mask = IN_MODIFY | IN_DELETE_SELF;
	int moved, directory, deleted, deleted_fd;
	struct inotify_event event;

	scenario_create("before", 0644);
	scenario_call(mkdir("below", 0755));
	scenario_call(mkdir("below/before", 0755));
	scenario_create("deleted", 0644);
	deleted_fd = scenario_call(open("deleted", O_RDWR));
	fd = scenario_call(inotify_init1(IN_NONBLOCK));
	moved = scenario_call(inotify_add_watch(fd, "before", mask));
	directory = scenario_call(inotify_add_watch(fd, "below/before", mask));
	deleted = scenario_call(inotify_add_watch(fd, "deleted", mask));
	scenario_call(rename("before", "below/after"));
	scenario_call(rename("below/before", "after"));
	scenario_call(unlink("deleted"));
	/* Another one under the old name is none of ours. */
	scenario_create("before", 0644);
	scenario_checkpoint();
	scenario_create("deleted", 0644);
	scenario_check(read(fd, &event, sizeof(event)) == -1 && errno == EAGAIN);
	scenario_call(truncate("before", 10));
	scenario_call(truncate("deleted", 10));
	scenario_check(read(fd, &event, sizeof(event)) == -1 && errno == EAGAIN);
	scenario_call(truncate("below/after", 10));
	check_event(moved, IN_MODIFY);
	scenario_check_equal(write(deleted_fd, "x", 1), 1);
	check_event(deleted, IN_MODIFY);
	close(deleted_fd);
	check_event(deleted, IN_DELETE_SELF);
	check_event(deleted, IN_IGNORED);
	scenario_call(rmdir("after"));
	check_event(directory, IN_DELETE_SELF);
	check_event(directory, IN_IGNORED);
	scenario_pass();
}
