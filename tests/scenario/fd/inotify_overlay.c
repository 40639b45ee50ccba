/* SPDX-License-Identifier: MIT */
/* Watches of a file, a directory and the root of an overlay, none of which the program has open. */
/* needs: root cap_sys_admin */
/* not: restore-twice */
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

static void check_event(int instance, int watch, uint32_t mask)
{
	char buffer[sizeof(struct inotify_event) + 256];
	const struct inotify_event *event = (const void *)buffer;

	scenario_check(read(instance, buffer, sizeof(buffer)) > 0);
	scenario_check_equal(event->wd, watch);
	scenario_check_equal(event->mask & IN_ALL_EVENTS, mask);
	scenario_check(read(instance, buffer, sizeof(buffer)) < 0 && errno == EAGAIN);
}

int main(void)
{
	int instance, root, directory, file;

	scenario_call(mkdir("top", 0755));
	scenario_call(mkdir("low", 0755));
	scenario_call(mkdir("low/dir", 0755));
	scenario_call(mkdir("all", 0755));
	scenario_create("low/dir/file", 0644);
	if (mount("none", "top", "tmpfs", 0, NULL) < 0)
		scenario_skip("nothing can be mounted");
	scenario_call(mkdir("top/up", 0755));
	scenario_call(mkdir("top/work", 0755));
	if (mount("overlay", "all", "overlay", 0, "lowerdir=low,upperdir=top/up,workdir=top/work") < 0)
		scenario_skip("there is no overlay");
	instance = scenario_call(inotify_init1(IN_NONBLOCK));
	root = scenario_call(inotify_add_watch(instance, "all", IN_CREATE));
	directory = scenario_call(inotify_add_watch(instance, "all/dir", IN_DELETE));
	file = scenario_call(inotify_add_watch(instance, "all/dir/file", IN_ATTRIB));
	scenario_checkpoint();
	scenario_create("all/new", 0600);
	check_event(instance, root, IN_CREATE);
	scenario_call(chmod("all/dir/file", 0600));
	check_event(instance, file, IN_ATTRIB);
	scenario_create("all/dir/other", 0600);
	scenario_call(unlink("all/dir/other"));
	check_event(instance, directory, IN_DELETE);
	scenario_pass();
}
