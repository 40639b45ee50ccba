/* SPDX-License-Identifier: MIT */
/* Sockets that are watched: by epoll from everywhere, in a queue, and their folder by inotify. */
#include <sys/epoll.h>
#include <sys/inotify.h>

#include "unix_sockets.h"

int main(void)
{
	int listener, pair[2], epoll, nested, received, inotify;
	struct epoll_event event = {.events = EPOLLIN | EPOLLET}, events[4];
	char buffer[4096];

	scenario_call(mkdir("folder", 0700));
	listener = unix_listen(SOCK_STREAM, "folder/listener", 3);
	scenario_call(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	epoll = scenario_call(epoll_create1(0));
	event.data.u32 = 1;
	scenario_call(epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event));
	event.data.u32 = 2;
	scenario_call(epoll_ctl(epoll, EPOLL_CTL_ADD, pair[1], &event));
	nested = scenario_call(epoll_create1(0));
	event.data.u32 = 3;
	scenario_call(epoll_ctl(nested, EPOLL_CTL_ADD, epoll, &event));
	unix_send_fds(pair[0], "epoll", &epoll, 1);
	close(epoll);
	inotify = scenario_call(inotify_init1(IN_NONBLOCK));
	scenario_call(inotify_add_watch(inotify, "folder", IN_CREATE | IN_DELETE));
	unix_client(SOCK_STREAM, "folder/listener");

	scenario_checkpoint();
	scenario_check_equal(epoll_wait(nested, events, 4, 0), 1);
	scenario_check_equal(events[0].data.u32, 3);
	unix_receive_fds(pair[1], "epoll", &received, 1);
	scenario_check_equal(epoll_wait(received, events, 4, 0), 1);
	scenario_check_equal(events[0].data.u32, 1);
	unix_accept(listener);
	/* Nothing of what it took to make the socket's file anew. */
	scenario_check(read(inotify, buffer, sizeof(buffer)) < 0 && errno == EAGAIN);
	unix_listen(SOCK_STREAM, "folder/another", 3);
	scenario_check(read(inotify, buffer, sizeof(buffer)) > 0);
	scenario_pass();
}
