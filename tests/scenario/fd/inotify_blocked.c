/* SPDX-License-Identifier: MIT */
/* Threads that wait for inotify events, by read, poll and epoll, go on waiting and are woken. */
/* not: stop */
/* SIGCONT ends an epoll_wait with EINTR, signal(7). */
#include <poll.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "waiters.h"

static int fds[3], wds[3], epoll;

static int do_read(void)
{
	union {
		struct inotify_event event;
		char bytes[512];
	} buffer;

	return read(fds[0], &buffer, sizeof(buffer)) > 0 && buffer.event.wd == wds[0] &&
	       buffer.event.mask == IN_CREATE && strcmp(buffer.event.name, "new") == 0;
}

static int do_poll(void)
{
	struct pollfd poll_fd = {.fd = fds[1], .events = POLLIN};

	return poll(&poll_fd, 1, -1) == 1 && poll_fd.revents == POLLIN;
}

static int do_epoll(void)
{
	struct epoll_event event;

	return epoll_wait(epoll, &event, 1, -1) == 1 && event.data.u64 == 99 && event.events == EPOLLIN;
}

static struct waiter waiters[] = {
	{.wait = do_read, .number = SYS_read},
	{.wait = do_poll, .number = SYS_poll},
	{.wait = do_epoll, .number = SYS_epoll_wait},
};

int main(void)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = 99};

	scenario_call(mkdir("directory", 0755));
	for (int i = 0; i < 3; i++) {
		fds[i] = scenario_call(inotify_init1(0));
		wds[i] = scenario_call(inotify_add_watch(fds[i], "directory", IN_CREATE));
	}
	epoll = scenario_call(epoll_create1(0));
	scenario_call(epoll_ctl(epoll, EPOLL_CTL_ADD, fds[2], &event));
	waiters_start(waiters, 3);
	scenario_checkpoint();
	waiters_check_waiting(waiters, 3);
	scenario_create("directory/new", 0644);
	waiters_join(waiters, 3);
	scenario_pass();
}
