/* SPDX-License-Identifier: MIT */
/* fanotify groups: marks of a file, a directory, a mount and a file system, masks of what is ignored, and one
 * group that tells of events by file handles. */
/* needs: root */
/* not: restore-twice */
#include <fcntl.h>
#include <sys/fanotify.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

static void mark(int group, unsigned flags, uint64_t mask, const char *path)
{
	scenario_call(fanotify_mark(group, FAN_MARK_ADD | flags, mask, AT_FDCWD, path));
}

/* The next event is MASK, and of our own doing. */
static void expect(int group, uint64_t mask)
{
	struct fanotify_event_metadata event;

	scenario_check_equal(read(group, &event, sizeof(event)), sizeof(event));
	scenario_check_equal(event.mask, mask);
	scenario_check_equal(event.pid, getpid());
	scenario_check(event.fd >= 0);
	scenario_call(close(event.fd));
}

static bool has_event(int group)
{
	char buffer[4096];

	return read(group, buffer, sizeof(buffer)) > 0;
}

int main(void)
{
	int group = scenario_call(
		fanotify_init(FAN_NONBLOCK | FAN_UNLIMITED_QUEUE, O_RDONLY | O_LARGEFILE | O_CLOEXEC));
	int by_handle = scenario_call(fanotify_init(FAN_REPORT_DFID_NAME | FAN_NONBLOCK | FAN_CLOEXEC, 0)),
	    fd;

	scenario_create("file", 0600);
	scenario_create("other", 0600);
	scenario_call(mkdir("mounted", 0700));
	scenario_call(mkdir("directory", 0700));
	if (mount("none", "mounted", "tmpfs", 0, NULL) < 0)
		scenario_skip("a tmpfs cannot be mounted: %s", strerror(errno));
	scenario_create("mounted/file", 0600);
	mark(group, 0, FAN_OPEN | FAN_CLOSE_NOWRITE, "file");
	mark(group, 0, FAN_MODIFY | FAN_ONDIR | FAN_EVENT_ON_CHILD, "directory");
	mark(group, FAN_MARK_MOUNT, FAN_OPEN, "mounted");
	mark(group, FAN_MARK_MOUNT | FAN_MARK_IGNORED_MASK | FAN_MARK_IGNORED_SURV_MODIFY, FAN_ACCESS,
	     "mounted");
	mark(by_handle, FAN_MARK_FILESYSTEM, FAN_CREATE, "mounted");
	mark(by_handle, FAN_MARK_IGNORED_MASK | FAN_MARK_IGNORED_SURV_MODIFY, FAN_ATTRIB, "other");
	scenario_checkpoint();
	scenario_check_equal(fcntl(group, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	scenario_check(!has_event(group) && !has_event(by_handle));
	fd = scenario_call(open("file", O_RDONLY));
	expect(group, FAN_OPEN);
	scenario_call(close(fd));
	expect(group, FAN_CLOSE_NOWRITE);
	fd = scenario_call(open("directory/new", O_WRONLY | O_CREAT, 0600));
	scenario_check_equal(write(fd, "x", 1), 1);
	expect(group, FAN_MODIFY);
	scenario_call(close(fd));
	fd = scenario_call(open("mounted/file", O_RDONLY));
	expect(group, FAN_OPEN);
	scenario_call(close(fd));
	scenario_check(!has_event(by_handle));
	scenario_create("mounted/new", 0600);
	scenario_check(has_event(by_handle));
	fd = scenario_call(open("other", O_RDONLY));
	scenario_call(close(fd));
	(void)has_event(group);
	scenario_check(!has_event(by_handle));
	scenario_call(umount2("mounted", MNT_DETACH));
	scenario_pass();
}
