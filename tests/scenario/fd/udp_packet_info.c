/* SPDX-License-Identifier: MIT */
/* network */
/* What is told beside datagrams that wait: where they were sent to, time to live, type of service. */
#include "sockets.h"

struct told {
	struct in_addr to;
	struct in6_addr to6;
	int hops, class;
};

static void receive(int fd, const char *text, struct told *told)
{
	_Alignas(struct cmsghdr) char control[512];
	char buffer[64];
	struct iovec room = {buffer, sizeof(buffer)};
	struct msghdr message = {
		.msg_iov = &room, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};

	scenario_check_equal(recvmsg(fd, &message, MSG_DONTWAIT), strlen(text));
	scenario_check(memcmp(buffer, text, strlen(text)) == 0);
	*told = (struct told){0};
	for (struct cmsghdr *at = CMSG_FIRSTHDR(&message); at; at = CMSG_NXTHDR(&message, at)) {
		if (at->cmsg_level == IPPROTO_IP && at->cmsg_type == IP_PKTINFO)
			told->to = ((struct in_pktinfo *)CMSG_DATA(at))->ipi_addr;
		else if (at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_PKTINFO)
			told->to6 = ((struct in6_pktinfo *)CMSG_DATA(at))->ipi6_addr;
		else if (at->cmsg_type == (at->cmsg_level == IPPROTO_IP ? IP_TTL : IPV6_HOPLIMIT))
			told->hops = *(int *)CMSG_DATA(at);
		else if (at->cmsg_type == (at->cmsg_level == IPPROTO_IP ? IP_TOS : IPV6_TCLASS))
			told->class = *CMSG_DATA(at);
	}
}

int main(void)
{
	int server = sockets_bound(SOCK_DGRAM, "0.0.0.0", 4001),
	    server6 = sockets_bound(SOCK_DGRAM, "::", 4002);
	int client = sockets_bound(SOCK_DGRAM, "127.0.0.1", 0), client6 = sockets_bound(SOCK_DGRAM, "::1", 0);
	union socket_address to = sockets_address("127.0.0.44", 0);
	struct told told;

	sockets_set(server, IPPROTO_IP, IP_PKTINFO, 1);
	sockets_set(server, IPPROTO_IP, IP_RECVTTL, 1);
	sockets_set(server, IPPROTO_IP, IP_RECVTOS, 1);
	sockets_set(server6, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	sockets_set(server6, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
	sockets_set(server6, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
	sockets_set(client, IPPROTO_IP, IP_TTL, 77);
	sockets_set(client, IPPROTO_IP, IP_TOS, 0x28);
	sockets_set(client6, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 78);
	sockets_set(client6, IPPROTO_IPV6, IPV6_TCLASS, 0x2c);
	sockets_send_to(client, "one", "127.0.0.44", 4001);
	sockets_send_to(client6, "two", "::1", 4002);
	sockets_send_to(client, "mapped", "127.0.0.44", 4002);

	scenario_checkpoint();
	receive(server, "one", &told);
	scenario_check_equal(told.to.s_addr, to.in.sin_addr.s_addr);
	scenario_check_equal(told.hops, 77);
	scenario_check_equal(told.class, 0x28);
	receive(server6, "two", &told);
	scenario_check(memcmp(&told.to6, &in6addr_loopback, sizeof(told.to6)) == 0);
	scenario_check_equal(told.hops, 78);
	scenario_check_equal(told.class, 0x2c);
	receive(server6, "mapped", &told);
	scenario_check_equal(told.to6.s6_addr32[3], to.in.sin_addr.s_addr);
	scenario_pass();
}
