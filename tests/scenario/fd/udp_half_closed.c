/* SPDX-License-Identifier: MIT */
/* network */
/* What shutdown(2) did to a socket, connected or not. */
#include "sockets.h"

int main(void)
{
	int receiver = sockets_bound(SOCK_DGRAM, "127.0.0.1", 4001);
	int sender = sockets_bound(SOCK_DGRAM, "127.0.0.1", 4002);
	int unconnected = sockets_bound(SOCK_DGRAM, "127.0.0.1", 4003);
	int unbound = scenario_call(socket(AF_INET6, SOCK_DGRAM, 0));
	char byte;

	sockets_connect(receiver, "127.0.0.1", 4002);
	sockets_connect(sender, "127.0.0.1", 4001);
	scenario_call(shutdown(receiver, SHUT_RD));
	scenario_call(shutdown(sender, SHUT_WR));
	scenario_check_equal(shutdown(unconnected, SHUT_RD), -1);
	scenario_check_equal(shutdown(unbound, SHUT_RDWR), -1);

	scenario_checkpoint();
	scenario_check_equal(recv(receiver, &byte, 1, 0), 0);
	scenario_check_equal(recv(unconnected, &byte, 1, 0), 0);
	scenario_check_equal(sockets_poll(unbound), POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
	scenario_check_equal(send(sender, "x", 1, MSG_NOSIGNAL), -1);
	scenario_check_equal(errno, EPIPE);
	sockets_check_empty(sender);
	sockets_send(receiver, "still", 5);
	sockets_receive(sender, "still");
	scenario_pass();
}
