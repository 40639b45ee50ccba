/* SPDX-License-Identifier: MIT */
/* network */
/* Sockets that are unbound, bound and connected, IPv4, IPv6 and IPv4 on IPv6, stay so and go on. */
#include "sockets.h"

static int connected(const char *own, unsigned own_port, const char *peer, unsigned peer_port)
{
	int fd = sockets_bound(SOCK_DGRAM | SOCK_NONBLOCK, own, own_port);

	sockets_connect(fd, peer, peer_port);
	return fd;
}

static void check_exchange(int from, int to, const char *text)
{
	sockets_send(from, text, strlen(text));
	sockets_receive(to, text);
}

int main(void)
{
	int unbound = scenario_call(socket(AF_INET, SOCK_DGRAM, 0));
	int unbound6 = scenario_call(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	int any = sockets_bound(SOCK_DGRAM, "0.0.0.0", 4001);
	int local = sockets_bound(SOCK_DGRAM, "127.0.0.77", 4001 + 1);
	int any6 = sockets_bound(SOCK_DGRAM, "::", 4003);
	int only6 = scenario_call(socket(AF_INET6, SOCK_DGRAM, 0));
	int beside = sockets_bound(SOCK_DGRAM, "0.0.0.0", 4004);
	int one = connected("127.0.0.1", 4005, "127.0.0.1", 4006);
	int other = connected("127.0.0.1", 4006, "127.0.0.1", 4005);
	int one6 = connected("::1", 4007, "::1", 4008), other6 = connected("::1", 4008, "::1", 4007);
	int mapped = connected("::ffff:127.0.0.1", 4009, "::ffff:127.0.0.1", 4005);
	int automatic = scenario_call(socket(AF_INET, SOCK_DGRAM, 0));
	int copy = scenario_call(dup(one));
	union socket_address automatic_address, mapped_address = sockets_address("::ffff:127.0.0.1", 4009);
	union socket_address peer = sockets_address("127.0.0.1", 4001);

	sockets_set(only6, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	sockets_bind(only6, "::", 4004);
	scenario_call(connect(automatic, &peer.any, sizeof(peer.in)));
	automatic_address = sockets_own(automatic);
	scenario_call(fcntl(copy, F_SETFD, FD_CLOEXEC));

	scenario_checkpoint();
	scenario_check_equal(sockets_port(unbound), 0);
	scenario_check_equal(sockets_port(unbound6), 0);
	scenario_check_equal(fcntl(unbound6, F_GETFD), FD_CLOEXEC);
	scenario_check_equal(sockets_port(any), 4001);
	scenario_check_equal(sockets_port(any6), 4003);
	scenario_check(sockets_is_same(&mapped_address, &(union socket_address[]){sockets_own(mapped)}[0]));
	scenario_check_equal(sockets_poll(any), POLLOUT);
	scenario_check_equal(fcntl(copy, F_GETFD), FD_CLOEXEC);
	scenario_check_equal(fcntl(copy, F_GETFL), O_RDWR | O_NONBLOCK);

	check_exchange(one, other, "IPv4");
	check_exchange(other, copy, "and back");
	check_exchange(one6, other6, "IPv6");
	check_exchange(other6, one6, "and back");
	sockets_send_to(unbound, "to any", "127.0.0.5", 4001);
	sockets_receive(any, "to any");
	sockets_send_to(unbound, "to an address", "127.0.0.77", 4002);
	sockets_receive(local, "to an address");
	sockets_send_to(unbound, "IPv4 to IPv6", "127.0.0.1", 4003);
	sockets_receive(any6, "IPv4 to IPv6");
	sockets_send_to(unbound6, "IPv6", "::1", 4003);
	sockets_receive(any6, "IPv6");
	sockets_send_to(unbound, "beside", "127.0.0.1", 4004);
	sockets_receive(beside, "beside");
	sockets_send_to(unbound6, "only IPv6", "::1", 4004);
	sockets_receive(only6, "only IPv6");
	sockets_send(automatic, "automatic", 9);
	sockets_receive_from(any, "automatic", &automatic_address);

	/* A connected one takes nothing from others. */
	sockets_send_to(unbound, "stranger", "127.0.0.1", 4005);
	sockets_check_empty(one);
	scenario_call(connect(one, &(struct sockaddr){.sa_family = AF_UNSPEC}, sizeof(struct sockaddr)));
	sockets_send_to(unbound, "stranger", "127.0.0.1", 4005);
	sockets_receive(copy, "stranger");
	scenario_pass();
}
