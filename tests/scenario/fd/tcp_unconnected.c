/* SPDX-License-Identifier: MIT */
/* network */
/* Sockets that are new, bound, or were listening: they can be used as before. */
#include "sockets.h"

int main(void)
{
	int fresh = scenario_call(socket(AF_INET, SOCK_STREAM, 0));
	int fresh6 = scenario_call(socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0));
	int bound = sockets_bound(SOCK_STREAM, "127.0.0.1", 4001),
	    server = sockets_bound(SOCK_STREAM, "::", 4002);
	int automatic = sockets_bound(SOCK_STREAM, "127.0.0.1", 0);
	int stopped = sockets_bound(SOCK_STREAM, "127.0.0.1", 4003), address_only, accepted;
	unsigned port = sockets_port(automatic);

	address_only = scenario_call(socket(AF_INET, SOCK_STREAM, 0));
	sockets_set(address_only, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	sockets_bind(address_only, "127.0.0.7", 0);
	scenario_call(listen(stopped, 5));
	scenario_call(shutdown(stopped, SHUT_RD));

	scenario_checkpoint();
	scenario_check_equal(sockets_port(fresh), 0);
	scenario_check_equal(sockets_poll(fresh), POLLOUT | POLLHUP);
	scenario_check_equal(sockets_port(automatic), port);
	scenario_check_equal(sockets_port(stopped), 4003);
	scenario_check_equal(sockets_port(address_only), 0);
	scenario_check_equal(recv(bound, &(char){0}, 1, 0), -1);
	scenario_check_equal(errno, ENOTCONN);
	scenario_call(listen(server, 5));
	sockets_connect(fresh, "127.0.0.1", 4002);
	close(scenario_call(accept(server, NULL, NULL)));
	sockets_connect(bound, "127.0.0.1", 4002);
	accepted = scenario_call(accept(server, NULL, NULL));
	scenario_check_equal(ntohs(sockets_peer(accepted).in6.sin6_port), 4001);
	sockets_connect(address_only, "127.0.0.1", 4002);
	scenario_check_equal(ntohl(sockets_own(address_only).in.sin_addr.s_addr), INADDR_LOOPBACK + 6);
	scenario_call(listen(stopped, 5));
	scenario_call(connect(fresh6,
			      &(union socket_address[]){sockets_address("::ffff:127.0.0.1", 4003)}[0].any,
			      sizeof(struct sockaddr_in6)) == 0 ||
				      errno == EINPROGRESS
			      ? 0
			      : -1);
	scenario_call(accept(stopped, NULL, NULL));
	scenario_pass();
}
