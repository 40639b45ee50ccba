/* SPDX-License-Identifier: MIT */
/* network */
/* dump-options: --tcp-established */
/* restore-options: --tcp-close */
/* With --tcp-close a restored program finds its connections at their end, and can make new ones. */
/* no-compare */
/* modes: kill */
#include "tcp_sockets.h"

static void check_lost(int fd)
{
	struct pollfd hangup = {.fd = fd, .events = POLLHUP};
	char byte;

	scenario_check_equal(tcp_state(fd), TCP_CLOSE);
	scenario_check_equal(recv(fd, &byte, 1, MSG_DONTWAIT), 0);
	scenario_check_equal(poll(&hangup, 1, 0), 1);
	scenario_check_equal(hangup.revents, POLLHUP);
	scenario_check_equal(send(fd, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL), -1);
	scenario_check_equal(errno, EPIPE);
	close(fd);
}

int main(void)
{
	int listener = tcp_listen("127.0.0.1", 4001);
	struct tcp_pair pair = tcp_connect(listener, "127.0.0.1"), half = tcp_connect(listener, "127.0.0.1");
	struct tcp_pair full = tcp_connect(listener, "127.0.0.1");

	scenario_call(shutdown(half.client, SHUT_WR));
	sockets_send(half.server, "to be lost", 10);
	tcp_fill(full.client, 1);

	scenario_checkpoint();
	/* Without a restore there is nothing to see. */
	if (tcp_state(pair.client) == TCP_ESTABLISHED)
		scenario_pass();
	check_lost(pair.client);
	check_lost(pair.server);
	check_lost(half.client);
	check_lost(half.server);
	check_lost(full.client);
	check_lost(full.server);
	tcp_check_alive(tcp_connect(listener, "127.0.0.1"));
	scenario_pass();
}
