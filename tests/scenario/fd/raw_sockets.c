/* SPDX-License-Identifier: MIT */
/* network */
/* needs: root */
/* Raw sockets: addresses, connections with and without a port, headers, and what they let through. */
#include <linux/icmp.h>
#include <netinet/icmp6.h>

#include "sockets.h"

#define PROTOCOL 253 /* RFC 3692: for experiments */

static int raw(int family, int protocol)
{
	return scenario_call(socket(family, SOCK_RAW | SOCK_NONBLOCK, protocol));
}

/* The IP header comes with what is received, of IPv4. */
static void check_received(int fd, size_t header, const char *text)
{
	char buffer[200];
	ssize_t size;

	sockets_await(fd, text);
	size = scenario_call(recv(fd, buffer, sizeof(buffer), 0));
	scenario_check_equal(size, header + strlen(text));
	scenario_check(memcmp(buffer + header, text, strlen(text)) == 0);
}

static void check_peer(int fd, const char *host, unsigned port)
{
	union socket_address expected = sockets_address(host, port), peer = sockets_peer(fd);

	scenario_check(sockets_is_same(&expected, &peer));
}

/* A packet with its own header, as IPPROTO_RAW takes it. */
static void send_with_header(int fd, const char *text)
{
	struct {
		unsigned char header[20];
		char text[20];
	} packet = {{0x45, [8] = 60, [9] = PROTOCOL, [12] = 127, 0, 0, 1, 127, 0, 0, 1}, {0}};
	union socket_address to = sockets_address("127.0.0.1", 0);

	memcpy(packet.text, text, strlen(text));
	scenario_check_equal(sendto(fd, &packet, 20 + strlen(text), 0, &to.any, sizeof(to.in)),
			     20 + strlen(text));
}

int main(void)
{
	int any = raw(AF_INET, PROTOCOL), bound = raw(AF_INET, PROTOCOL), connected = raw(AF_INET, PROTOCOL);
	int with_port = raw(AF_INET, PROTOCOL), header = raw(AF_INET, IPPROTO_RAW),
	    plain = raw(AF_INET, IPPROTO_RAW);
	int any6 = raw(AF_INET6, PROTOCOL), connected6 = raw(AF_INET6, PROTOCOL),
	    header6 = raw(AF_INET6, IPPROTO_RAW);
	int icmp = raw(AF_INET, IPPROTO_ICMP), icmp6 = raw(AF_INET6, IPPROTO_ICMPV6);
	const struct icmp_filter filter = {.data = 1 << ICMP_TIMESTAMP};
	struct icmp6_filter filter6, now6;
	socklen_t size = sizeof(now6);

	sockets_bind(bound, "127.0.0.2", 0);
	sockets_connect(connected, "127.0.0.1", 0);
	sockets_connect(with_port, "127.0.0.3", 4711);
	sockets_connect(connected6, "::1", 0);
	sockets_set(plain, IPPROTO_IP, IP_HDRINCL, 0);
	sockets_set(any6, IPPROTO_IPV6, IPV6_CHECKSUM, 2);
	sockets_set(bound, IPPROTO_IP, IP_TTL, 7);
	sockets_set(any, IPPROTO_IP, IP_NODEFRAG, 1);
	scenario_call(setsockopt(icmp, IPPROTO_RAW, ICMP_FILTER, &filter, sizeof(filter)));
	ICMP6_FILTER_SETBLOCKALL(&filter6);
	ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter6);
	scenario_call(setsockopt(icmp6, IPPROTO_ICMPV6, ICMP6_FILTER, &filter6, sizeof(filter6)));
	scenario_call(shutdown(bound, SHUT_RD) == 0 || errno == ENOTCONN ? 0 : -1);

	scenario_checkpoint();
	check_peer(with_port, "127.0.0.3", 4711);
	/* To the peer that has no port. */
	sockets_send(connected, "to my peer", 10);
	check_received(any, 20, "to my peer");
	check_received(connected, 20, "to my peer");
	sockets_check_empty(with_port);
	sockets_send_to(any, "to another", "127.0.0.2", 0);
	scenario_check(sockets_poll(bound) & POLLRDHUP);
	sockets_check_empty(connected);
	check_received(any, 20, "to another");
	send_with_header(header, "its own header");
	check_received(any, 20, "its own header");
	scenario_check_equal(sockets_get(header, IPPROTO_IP, IP_HDRINCL), 1);
	scenario_check_equal(sockets_get(plain, IPPROTO_IP, IP_HDRINCL), 0);
	scenario_check_equal(sockets_get(header6, IPPROTO_IPV6, IPV6_HDRINCL), 1);
	scenario_check_equal(sockets_get(any6, IPPROTO_IPV6, IPV6_CHECKSUM), 2);
	scenario_check_equal(sockets_get(icmp6, IPPROTO_IPV6, IPV6_CHECKSUM), 2);
	sockets_send(connected6, "sixteen bytes...", 16);
	scenario_check_equal(sockets_get(icmp, IPPROTO_RAW, ICMP_FILTER), 1 << ICMP_TIMESTAMP);
	scenario_call(getsockopt(icmp6, IPPROTO_ICMPV6, ICMP6_FILTER, &now6, &size));
	scenario_check(memcmp(&now6, &filter6, sizeof(filter6)) == 0);
	scenario_pass();
}
