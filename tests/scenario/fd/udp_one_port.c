/* SPDX-License-Identifier: MIT */
/* network */
/*
 * A server and sockets of its own that are connected to one client each, all on one port (SO_REUSEADDR): what
 * waits in each stays there, also what came from a client before it had a socket of its own.
 */
#include "sockets.h"

static int on_port(void)
{
	int fd = scenario_call(socket(AF_INET, SOCK_DGRAM, 0));

	sockets_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	sockets_bind(fd, "127.0.0.1", 4001);
	return fd;
}

int main(void)
{
	int server = on_port(), first, second, clients[3];
	union socket_address addresses[3];

	for (unsigned i = 0; i < 3; i++) {
		clients[i] = sockets_bound(SOCK_DGRAM, "127.0.0.1", 5000 + i);
		addresses[i] = sockets_own(clients[i]);
	}
	sockets_send_to(clients[0], "early", "127.0.0.1", 4001);
	first = on_port();
	sockets_connect(first, "127.0.0.1", 5000);
	sockets_send_to(clients[0], "late", "127.0.0.1", 4001);
	second = on_port();
	sockets_connect(second, "127.0.0.1", 5001);
	sockets_send_to(clients[1], "second", "127.0.0.1", 4001);
	sockets_set(server, SOL_SOCKET, SO_REUSEADDR, 0);

	scenario_checkpoint();
	scenario_check_equal(sockets_get(server, SOL_SOCKET, SO_REUSEADDR), 0);
	scenario_check_equal(sockets_get(first, SOL_SOCKET, SO_REUSEADDR), 1);
	sockets_receive_from(server, "early", &addresses[0]);
	sockets_check_empty(server);
	sockets_receive_from(first, "late", &addresses[0]);
	sockets_check_empty(first);
	sockets_receive_from(second, "second", &addresses[1]);
	sockets_check_empty(second);
	sockets_send(first, "answer", 6);
	sockets_receive(clients[0], "answer");
	for (int i = 0; i < 2; i++)
		sockets_send_to(clients[i], "on", "127.0.0.1", 4001);
	sockets_receive(first, "on");
	sockets_receive(second, "on");
	sockets_check_empty(server);
	scenario_pass();
}
