/* SPDX-License-Identifier: MIT */
/* network */
/* needs: root */
/* Datagrams of senders on other hosts keep their addresses, IPv4 and IPv6, also those without a route. */
#include "sockets.h"

/* A socket that sends in another's name. */
static int foreign(const char *host, unsigned port)
{
	bool is_ipv6 = strchr(host, ':');
	int fd = scenario_call(socket(is_ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0));

	sockets_set(fd, is_ipv6 ? IPPROTO_IPV6 : IPPROTO_IP, is_ipv6 ? IPV6_TRANSPARENT : IP_TRANSPARENT, 1);
	sockets_bind(fd, host, port);
	return fd;
}

int main(void)
{
	int server = sockets_bound(SOCK_DGRAM, "0.0.0.0", 4001),
	    server6 = sockets_bound(SOCK_DGRAM, "::", 4002);
	int one = foreign("10.9.8.7", 53), other = foreign("192.0.2.200", 65535),
	    ipv6 = foreign("2001:db8::5", 53);
	union socket_address mapped = sockets_address("::ffff:10.9.8.7", 53);
	union socket_address addresses[] = {sockets_own(one), sockets_own(other), sockets_own(ipv6)};

	sockets_send_to(one, "one", "127.0.0.1", 4001);
	sockets_send_to(other, "other", "127.0.0.1", 4001);
	sockets_send_to(one, "", "127.0.0.1", 4001);
	sockets_send_to(ipv6, "IPv6", "::1", 4002);
	sockets_send_to(one, "on IPv6", "127.0.0.1", 4002);
	close(one);
	close(other);
	close(ipv6);

	scenario_checkpoint();
	sockets_receive_from(server, "one", &addresses[0]);
	sockets_receive_from(server, "other", &addresses[1]);
	sockets_receive_from(server, "", &addresses[0]);
	sockets_check_empty(server);
	sockets_receive_from(server6, "IPv6", &addresses[2]);
	sockets_receive_from(server6, "on IPv6", &mapped);
	sockets_check_empty(server6);
	scenario_pass();
}
