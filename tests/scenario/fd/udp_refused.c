/* SPDX-License-Identifier: MIT */
/* network */
/* Nobody has received what a socket sent, which it is yet to be told; and its peer may come later. */
#include "sockets.h"

static const struct {
	const char *host, *own;
} places[] = {
	{"127.0.0.1", "127.0.0.1"},
	{"::1", "::1"},
	{"::ffff:127.0.0.1", "::"},
};

#define COUNT (sizeof(places) / sizeof(places[0]))

int main(void)
{
	int fds[COUNT], told = sockets_bound(SOCK_DGRAM, "127.0.0.1", 4100);
	union socket_address own[COUNT];

	for (size_t i = 0; i < COUNT; i++) {
		unsigned port = 4001 + (unsigned)i;

		fds[i] = sockets_bound(SOCK_DGRAM, places[i].own, port);
		sockets_connect(fds[i], places[i].host, 4999);
		own[i] = sockets_own(fds[i]);
		scenario_check_equal(send(fds[i], "x", 1, 0), 1);
		scenario_check_equal(sockets_poll(fds[i]), POLLERR | POLLOUT);
	}
	sockets_connect(told, "127.0.0.1", 4999);
	scenario_check_equal(send(told, "x", 1, 0), 1);
	scenario_check_equal(sockets_get(told, SOL_SOCKET, SO_ERROR), ECONNREFUSED);

	scenario_checkpoint();
	for (size_t i = 0; i < COUNT; i++) {
		union socket_address now = sockets_own(fds[i]);

		scenario_check_equal(sockets_poll(fds[i]), POLLERR | POLLOUT);
		scenario_check_equal(send(fds[i], "x", 1, 0), -1);
		scenario_check_equal(errno, ECONNREFUSED);
		scenario_check_equal(sockets_poll(fds[i]), POLLOUT);
		scenario_check(sockets_is_same(&own[i], &now));
		scenario_check_equal(sockets_port(fds[i]), 4001 + (int)i);
	}
	scenario_check_equal(sockets_poll(told), POLLOUT);
	sockets_check_empty(told);
	close(told);
	told = sockets_bound(SOCK_DGRAM, "127.0.0.1", 4999);
	sockets_send(fds[0], "at last", 7);
	sockets_receive(told, "at last");
	scenario_pass();
}
