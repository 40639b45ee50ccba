/* SPDX-License-Identifier: MIT */
/* network */
/* needs: root */
/* Options of all levels are what they were; the comparison of sockets before and after does the rest. */
#include <linux/filter.h>
#include <netinet/udp.h>

#include "sockets.h"

static void set_shared(int fd)
{
	const struct timeval timeout = {.tv_sec = 3, .tv_usec = 500000};
	const struct linger linger = {.l_onoff = 1, .l_linger = 17};
	const struct sock_filter pass[] = {BPF_STMT(BPF_RET | BPF_K, 0xffff)};
	const struct sock_fprog program = {.len = 1, .filter = (struct sock_filter *)pass};

	sockets_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	sockets_set(fd, SOL_SOCKET, SO_BROADCAST, 1);
	sockets_set(fd, SOL_SOCKET, SO_SNDBUF, 50000);
	sockets_set(fd, SOL_SOCKET, SO_RCVBUF, 60000);
	sockets_set(fd, SOL_SOCKET, SO_PRIORITY, 5);
	sockets_set(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
	sockets_set(fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
	sockets_set(fd, SOL_SOCKET, SO_NO_CHECK, 1);
	scenario_call(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)));
	scenario_call(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
	scenario_call(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)));
	sockets_set(fd, SOL_SOCKET, SO_LOCK_FILTER, 1);
}

static void set_ip(int fd)
{
	const unsigned char options[] = {0x94, 4, 0, 0}; /* router alert */

	sockets_set(fd, IPPROTO_IP, IP_TOS, 0x48);
	sockets_set(fd, IPPROTO_IP, IP_TTL, 33);
	sockets_set(fd, IPPROTO_IP, IP_PKTINFO, 1);
	sockets_set(fd, IPPROTO_IP, IP_RECVERR, 1);
	sockets_set(fd, IPPROTO_IP, IP_RECVTTL, 1);
	sockets_set(fd, IPPROTO_IP, IP_RECVTOS, 1);
	sockets_set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
	sockets_set(fd, IPPROTO_IP, IP_FREEBIND, 1);
	sockets_set(fd, IPPROTO_IP, IP_MINTTL, 3);
	sockets_set(fd, IPPROTO_IP, IP_MULTICAST_TTL, 9);
	sockets_set(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 0);
	sockets_set(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
	sockets_set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	sockets_set(fd, IPPROTO_IP, IP_MULTICAST_IF, (int)htonl(INADDR_LOOPBACK));
	scenario_call(setsockopt(fd, IPPROTO_IP, IP_UNICAST_IF, &(uint32_t){htonl(1)}, 4));
	scenario_call(setsockopt(fd, IPPROTO_IP, IP_OPTIONS, options, sizeof(options)));
}

static void set_ipv6(int fd)
{
	/* Six bytes of padding, as options for the destination. */
	const unsigned char header[] = {0, 0, 1, 4, 0, 0, 0, 0};

	sockets_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	sockets_set(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 31);
	sockets_set(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 32);
	sockets_set(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0);
	sockets_set(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, 1);
	sockets_set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	sockets_set(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
	sockets_set(fd, IPPROTO_IPV6, IPV6_TCLASS, 0x20);
	sockets_set(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
	sockets_set(fd, IPPROTO_IPV6, IPV6_DONTFRAG, 1);
	sockets_set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DO);
	sockets_set(fd, IPPROTO_IPV6, 70 /* IPV6_AUTOFLOWLABEL */, 0);
	sockets_set(fd, IPPROTO_IPV6, 72 /* IPV6_ADDR_PREFERENCES */, 2 /* the public one */);
	scenario_call(setsockopt(fd, IPPROTO_IPV6, IPV6_DSTOPTS, header, sizeof(header)));
}

int main(void)
{
	int plain = sockets_bound(SOCK_DGRAM, "127.0.0.1", 4000);
	int fd = scenario_call(socket(AF_INET, SOCK_DGRAM, 0));
	int fd6 = scenario_call(socket(AF_INET6, SOCK_DGRAM, 0));
	unsigned char header[8];
	socklen_t size = sizeof(header);

	set_shared(fd);
	set_ip(fd);
	sockets_set(fd, IPPROTO_UDP, UDP_SEGMENT, 700);
	sockets_set(fd, IPPROTO_UDP, 104 /* UDP_GRO */, 1);
	set_shared(fd6);
	set_ipv6(fd6);
	sockets_set(fd6, IPPROTO_UDP, 101 /* UDP_NO_CHECK6_TX */, 1);
	sockets_set(fd6, IPPROTO_UDP, 102 /* UDP_NO_CHECK6_RX */, 1);
	sockets_bind(fd6, "::1", 4001);

	scenario_checkpoint();
	scenario_check_equal(sockets_get(fd, IPPROTO_IP, IP_TTL), 33);
	scenario_check_equal(sockets_get(plain, SOL_SOCKET, SO_REUSEADDR), 0);
	scenario_check_equal(sockets_get(fd, SOL_SOCKET, SO_RCVBUF), 120000);
	scenario_check_equal(sockets_get(fd, SOL_SOCKET, SO_LOCK_FILTER), 1);
	scenario_check_equal(setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &(int){0}, sizeof(int)), -1);
	scenario_check_equal(errno, EPERM);
	scenario_call(getsockopt(fd6, IPPROTO_IPV6, IPV6_DSTOPTS, header, &size));
	scenario_check_equal(size, 8);
	scenario_pass();
}
