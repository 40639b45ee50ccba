/* SPDX-License-Identifier: MIT */
/* inotify watches keep their numbers, masks and files, and tell of what happens after the restore. */
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

static int fd;

static void check_event(int wd, uint32_t mask, const char *name)
{
	static union {
		struct inotify_event event;
		char bytes[4096];
	} buffer;
	static size_t size, at;
	const struct inotify_event *event;

	if (at == size) {
		ssize_t count = scenario_call(read(fd, &buffer, sizeof(buffer)));

		size = (size_t)count;
		at = 0;
	}
	event = (const struct inotify_event *)(buffer.bytes + at);
	at += sizeof(*event) + event->len;
	scenario_check_equal(event->wd, wd);
	scenario_check_equal(event->mask, mask);
	if (strcmp(event->len ? event->name : "", name) != 0)
		scenario_fail("an event of '%s' instead of '%s'", event->name, name);
}

static void check_no_event(void)
{
	char byte[64];

	scenario_check(read(fd, byte, sizeof(byte)) == -1 && errno == EAGAIN);
}

static int watch(const char *path, uint32_t mask)
{
	return scenario_call(inotify_add_watch(fd, path, mask));
}

int main(void)
{
	int directory, file, other, gone, link, far, flags, copy;

	scenario_call(mkdir("directory", 0755));
	scenario_create("file", 0644);
	scenario_create("other", 0644);
	scenario_call(symlink("nothing", "link"));
	scenario_call(mkdir("with space \n and more", 0700));
	fd = scenario_call(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
	flags = scenario_call(fcntl(fd, F_GETFL));
	copy = scenario_call(dup(fd));
	/* Numbers go up; some are not used any more. */
	gone = watch("other", IN_OPEN);
	directory = watch("directory", IN_CREATE | IN_DELETE | IN_ONLYDIR);
	for (int i = 0; i < 20; i++) {
		scenario_call(inotify_rm_watch(fd, gone));
		check_event(gone, IN_IGNORED, "");
		gone = watch("other", IN_OPEN);
	}
	file = watch("file", IN_CLOSE_WRITE);
	scenario_check_equal(watch("file", IN_ATTRIB | IN_MASK_ADD), file);
	link = watch("link", IN_ATTRIB | IN_DELETE_SELF | IN_DONT_FOLLOW);
	far = watch("with space \n and more", IN_ALL_EVENTS | IN_EXCL_UNLINK);
	scenario_call(inotify_rm_watch(fd, gone));
	check_event(gone, IN_IGNORED, "");
	other = watch("other", IN_MODIFY | IN_ONESHOT);
	check_no_event();
	scenario_checkpoint();
	scenario_check_equal(fcntl(fd, F_GETFL), flags);
	scenario_check_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	check_no_event();
	scenario_create("directory/new", 0644);
	check_event(directory, IN_CREATE, "new");
	scenario_call(mkdir("directory/more", 0755));
	check_event(directory, IN_CREATE | IN_ISDIR, "more");
	scenario_call(unlink("directory/new"));
	check_event(directory, IN_DELETE, "new");
	scenario_call(chmod("file", 0600));
	check_event(file, IN_ATTRIB, "");
	close(scenario_call(open("file", O_WRONLY)));
	check_event(file, IN_CLOSE_WRITE, "");
	scenario_create("with space \n and more/x", 0600);
	check_event(far, IN_CREATE, "x");
	check_event(far, IN_OPEN, "x");
	check_event(far, IN_ATTRIB, "x");
	check_event(far, IN_CLOSE_WRITE, "x");
	/* Told once, and then no more. */
	file = open("other", O_WRONLY);
	scenario_check_equal(write(file, "1", 1), 1);
	check_event(other, IN_MODIFY, "");
	check_event(other, IN_IGNORED, "");
	scenario_check_equal(write(file, "2", 1), 1);
	check_no_event();
	scenario_check(inotify_rm_watch(copy, other) == -1 && errno == EINVAL);
	scenario_call(unlink("link"));
	check_event(link, IN_ATTRIB, "");
	check_event(link, IN_DELETE_SELF, "");
	check_event(link, IN_IGNORED, "");
	/* The same file is the same watch, a new one has a number that was not there. */
	scenario_check_equal(watch("directory", IN_DELETE), directory);
	scenario_check(watch("other", IN_MODIFY) > other);
	scenario_call(inotify_rm_watch(copy, directory));
	check_event(directory, IN_IGNORED, "");
	check_no_event();
	scenario_pass();
}
