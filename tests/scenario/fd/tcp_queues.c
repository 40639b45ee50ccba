/* SPDX-License-Identifier: MIT */
/* network */
/* no-compare */
/* dump-options: --tcp-established */
/* restore-options: --tcp-established */
/* Queues of connections keep their bytes: what was received, sent and not taken, written and not sent; both
 * ways. */
#include "tcp_sockets.h"

int main(void)
{
	int listener = tcp_listen("127.0.0.1", 4001);
	struct tcp_pair both = tcp_connect(listener, "127.0.0.1"), one = tcp_connect(listener, "127.0.0.1");
	struct tcp_pair corked = tcp_connect(listener, "127.0.0.1"),
			partly = tcp_connect(listener, "127.0.0.1");
	size_t to_server, to_client, to_one;
	char byte;

	to_server = tcp_fill(both.client, 1);
	to_client = tcp_fill(both.server, 1001);
	sockets_set(one.client, SOL_SOCKET, SO_SNDBUF, 20000);
	to_one = tcp_fill(one.client, 2001);
	sockets_set(corked.client, IPPROTO_TCP, TCP_CORK, 1);
	sockets_send(corked.client, "corked", 6);
	sockets_send(partly.client, "abcdef", 6);
	sockets_await(partly.server, "abcdef");
	scenario_check_equal(recv(partly.server, &byte, 1, 0), 1);

	scenario_checkpoint();
	scenario_check_equal(sockets_poll(both.client) & POLLOUT, 0);
	tcp_check_filled(both.server, 1, to_server);
	tcp_check_filled(both.client, 1001, to_client);
	tcp_check_filled(one.server, 2001, to_one);
	sockets_check_empty(one.server);
	sockets_set(corked.client, IPPROTO_TCP, TCP_CORK, 0);
	sockets_receive(corked.server, "corked");
	sockets_receive(partly.server, "bcdef");
	tcp_check_alive(both);
	tcp_check_alive(one);
	tcp_check_alive(corked);
	tcp_check_alive(partly);
	scenario_pass();
}
