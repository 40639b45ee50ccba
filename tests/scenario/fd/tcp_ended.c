/* SPDX-License-Identifier: MIT */
/* network */
/* dump-options: --tcp-established */
/* restore-options: --tcp-established */
/* Connections that have come to their end while the program still has the sockets: by both sides, by a reset,
 * with bytes that it has not read, with an error that it has not been told. */
#include "tcp_sockets.h"

static void reset(int fd)
{
	const struct linger none = {.l_onoff = 1};

	scenario_call(setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none)));
	close(fd);
}

static void check_closed(int fd)
{
	char byte;

	scenario_check_equal(tcp_state(fd), TCP_CLOSE);
	scenario_check_equal(recv(fd, &byte, 1, 0), 0);
	scenario_check_equal(sockets_poll(fd), POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
	scenario_check_equal(send(fd, &byte, 1, MSG_NOSIGNAL), -1);
	scenario_check_equal(errno, EPIPE);
}

int main(void)
{
	int listener = tcp_listen("127.0.0.1", 4001), listener6 = tcp_listen("::1", 4002);
	struct tcp_pair ended = tcp_connect(listener, "127.0.0.1"),
			unread = tcp_connect(listener, "127.0.0.1");
	struct tcp_pair broken = tcp_connect(listener, "127.0.0.1"),
			piped = tcp_connect(listener, "127.0.0.1");
	struct tcp_pair told = tcp_connect(listener, "127.0.0.1"), v6 = tcp_connect(listener6, "::1");
	struct sockaddr_in peer, now;
	socklen_t size = sizeof(peer);
	char buffer[16];

	sockets_send(unread.client, "unread", 6);
	sockets_send(v6.client, "unread", 6);
	for (int i = 0; i < 3; i++) {
		struct tcp_pair pair = i == 0 ? ended : i == 1 ? unread : v6;

		scenario_call(shutdown(pair.client, SHUT_WR));
		scenario_call(shutdown(pair.server, SHUT_WR));
		tcp_await_state(pair.client, TCP_CLOSE);
		tcp_await_state(pair.server, TCP_CLOSE);
	}
	sockets_send(broken.client, "before", 6);
	reset(broken.client);
	tcp_await_state(broken.server, TCP_CLOSE);
	/* The same after the stream has ended. */
	sockets_send(piped.client, "before", 6);
	scenario_call(shutdown(piped.client, SHUT_WR));
	tcp_await_state(piped.server, TCP_CLOSE_WAIT);
	reset(piped.client);
	tcp_await_state(piped.server, TCP_CLOSE);
	reset(told.client);
	tcp_await_state(told.server, TCP_CLOSE);
	scenario_check_equal(recv(told.server, buffer, 1, 0), -1);
	scenario_check_equal(errno, ECONNRESET);
	scenario_call(getsockopt(ended.client, SOL_SOCKET, 28 /* SO_PEERNAME */, &peer, &size));

	scenario_checkpoint();
	check_closed(ended.client);
	check_closed(ended.server);
	scenario_call(getsockopt(ended.client, SOL_SOCKET, 28, &now, &size));
	scenario_check_equal(now.sin_port, peer.sin_port);
	scenario_check_equal(getpeername(ended.client, (struct sockaddr *)&now, &size), -1);
	scenario_check_equal(errno, ENOTCONN);
	sockets_receive(unread.server, "unread");
	check_closed(unread.server);
	sockets_receive(v6.server, "unread");
	check_closed(v6.server);
	scenario_check(sockets_poll(broken.server) & POLLERR);
	sockets_receive(broken.server, "before");
	scenario_check_equal(recv(broken.server, buffer, 1, 0), -1);
	scenario_check_equal(errno, ECONNRESET);
	check_closed(broken.server);
	scenario_check_equal(sockets_get(piped.server, SOL_SOCKET, SO_ERROR), EPIPE);
	sockets_receive(piped.server, "before");
	check_closed(piped.server);
	check_closed(told.server);
	scenario_pass();
}
