/* SPDX-License-Identifier: MIT */
/* A fanotify group goes on watching a file that was deleted and that the program has open: it comes back as
 * another inode, which fdinfo shows. */
/* needs: root */
/* no-compare */
#include <fcntl.h>
#include <sys/fanotify.h>
#include <unistd.h>

#include "scenario.h"

int main(void)
{
	int group = scenario_call(fanotify_init(FAN_NONBLOCK | FAN_CLOEXEC, O_RDONLY | O_CLOEXEC)), fd;
	struct fanotify_event_metadata event;

	scenario_create("gone", 0600);
	fd = scenario_call(open("gone", O_RDWR));
	scenario_call(fanotify_mark(group, FAN_MARK_ADD, FAN_MODIFY, AT_FDCWD, "gone"));
	scenario_call(unlink("gone"));
	scenario_checkpoint();
	scenario_check(read(group, &event, sizeof(event)) < 0 && errno == EAGAIN);
	scenario_check_equal(write(fd, "x", 1), 1);
	scenario_check_equal(read(group, &event, sizeof(event)), sizeof(event));
	scenario_check_equal(event.mask, FAN_MODIFY);
	scenario_call(close(event.fd));
	scenario_pass();
}
