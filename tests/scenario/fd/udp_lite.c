/* SPDX-License-Identifier: MIT */
/* network */
/* UDP-Lite: partial checksums, and what waits. */
#include "sockets.h"

static int lite(const char *host, unsigned port)
{
	int fd = socket(strchr(host, ':') ? AF_INET6 : AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE);

	if (fd < 0)
		scenario_skip("this kernel has no UDP-Lite");
	sockets_bind(fd, host, port);
	return fd;
}

int main(void)
{
	int server = lite("127.0.0.1", 4001), client = lite("127.0.0.1", 4002);
	int server6 = lite("::1", 4001), client6 = lite("::1", 4002);
	int plain = sockets_bound(SOCK_DGRAM, "127.0.0.1", 4001);
	union socket_address sender = sockets_own(client), sender6 = sockets_own(client6);

	sockets_set(client, IPPROTO_UDPLITE, 10 /* UDPLITE_SEND_CSCOV */, 12);
	sockets_set(server, IPPROTO_UDPLITE, 11 /* UDPLITE_RECV_CSCOV */, 8);
	sockets_send_to(client, "waiting", "127.0.0.1", 4001);
	sockets_send_to(client6, "waiting too", "::1", 4001);

	scenario_checkpoint();
	scenario_check_equal(sockets_get(client, IPPROTO_UDPLITE, 10), 12);
	scenario_check_equal(sockets_get(server, IPPROTO_UDPLITE, 11), 8);
	sockets_receive_from(server, "waiting", &sender);
	sockets_receive_from(server6, "waiting too", &sender6);
	sockets_check_empty(plain);
	sockets_send_to(client, "more", "127.0.0.1", 4001);
	sockets_receive_from(server, "more", &sender);
	scenario_pass();
}
