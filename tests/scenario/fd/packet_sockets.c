/* SPDX-License-Identifier: MIT */
/* network */
/* Packet sockets: protocol and interface, options, memberships, a fanout group; and that they receive. */
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/ethernet.h>
#include <net/if.h>

#include "sockets.h"

#define PROTOCOL 0x88b6 /* local experimental EtherType 2 */
#define LOOPBACK 1
#define GROUP (7 | PACKET_FANOUT_LB << 16 | PACKET_FANOUT_FLAG_ROLLOVER << 16)

static int packet(int type, unsigned protocol)
{
	return scenario_call(socket(AF_PACKET, type | SOCK_NONBLOCK, htons((uint16_t)protocol)));
}

static void bind_to(int fd, unsigned protocol, int interface)
{
	const struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons((uint16_t)protocol),
		.sll_ifindex = interface,
	};

	scenario_call(bind(fd, (const struct sockaddr *)&address, sizeof(address)));
}

static void check_bound(int fd, unsigned protocol, int interface)
{
	struct sockaddr_ll address = {0};
	socklen_t size = sizeof(address);

	scenario_call(getsockname(fd, (struct sockaddr *)&address, &size));
	scenario_check_equal(ntohs(address.sll_protocol), protocol);
	scenario_check_equal(address.sll_ifindex, interface);
}

static void send_packet(int fd, const char *text, unsigned protocol)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons((uint16_t)protocol),
		.sll_ifindex = LOOPBACK,
		.sll_halen = 6,
	};

	scenario_check_equal(sendto(fd, text, strlen(text), 0, (struct sockaddr *)&address, sizeof(address)),
			     strlen(text));
}

static void member(int fd, int what, int type, const char *address, size_t size)
{
	struct packet_mreq request = {
		.mr_ifindex = LOOPBACK,
		.mr_type = (unsigned short)type,
		.mr_alen = (unsigned short)size,
	};

	memcpy(request.mr_address, address, size);
	scenario_call(setsockopt(fd, SOL_PACKET, what, &request, sizeof(request)));
}

/* How many have asked for all packets on loopback; -1 if the kernel does not tell. */
static int promiscuity(void)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg about;
	} question = {
		{.nlmsg_len = sizeof(question), .nlmsg_type = RTM_GETLINK, .nlmsg_flags = NLM_F_REQUEST},
		{.ifi_index = LOOPBACK},
	};
	int fd = scenario_call(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)), value = -1;
	union {
		struct nlmsghdr header;
		char bytes[16384];
	} answer;
	ssize_t size;

	scenario_call(send(fd, &question, sizeof(question), 0));
	size = scenario_call(recv(fd, &answer, sizeof(answer), 0)) -
	       (ssize_t)NLMSG_LENGTH(sizeof(struct ifinfomsg));
	for (struct rtattr *at = IFLA_RTA(NLMSG_DATA(&answer.header)); RTA_OK(at, size);
	     at = RTA_NEXT(at, size))
		if (at->rta_type == IFLA_PROMISCUITY)
			memcpy(&value, RTA_DATA(at), sizeof(value));
	close(fd);
	return value;
}

/* Whether loopback would receive for the group 1:2:3:4:5:6. */
static bool has_group(void)
{
	FILE *file = fopen("/proc/net/dev_mcast", "r");
	bool is_found = false;
	char line[200];

	scenario_check(file);
	while (fgets(line, sizeof(line), file))
		is_found |= strstr(line, "010203040506") != NULL;
	fclose(file);
	return is_found;
}

static void set_options(int fd)
{
	const struct sock_filter pass[] = {BPF_STMT(BPF_RET | BPF_K, 0xffff)};
	const struct sock_fprog program = {.len = 1, .filter = (struct sock_filter *)pass};

	sockets_set(fd, SOL_PACKET, PACKET_AUXDATA, 1);
	sockets_set(fd, SOL_PACKET, PACKET_ORIGDEV, 1);
	sockets_set(fd, SOL_PACKET, PACKET_VERSION, TPACKET_V2);
	sockets_set(fd, SOL_PACKET, PACKET_RESERVE, 8);
	sockets_set(fd, SOL_PACKET, PACKET_COPY_THRESH, 77);
	sockets_set(fd, SOL_PACKET, PACKET_LOSS, 1);
	sockets_set(fd, SOL_PACKET, PACKET_VNET_HDR, 1);
	sockets_set(fd, SOL_PACKET, PACKET_TIMESTAMP, 1 << 6);
	sockets_set(fd, SOL_PACKET, PACKET_TX_HAS_OFF, 1);
	sockets_set(fd, SOL_PACKET, PACKET_QDISC_BYPASS, 1);
	sockets_set(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1);
	sockets_set(fd, SOL_SOCKET, SO_RCVBUF, 70000);
	sockets_set(fd, SOL_SOCKET, SO_PRIORITY, 3);
	scenario_call(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)));
	sockets_set(fd, SOL_SOCKET, SO_LOCK_FILTER, 1);
}

static void bind_old(int fd, const char *name)
{
	struct sockaddr address = {.sa_family = AF_PACKET};

	strcpy(address.sa_data, name);
	scenario_call(bind(fd, &address, sizeof(address)));
}

static void check_old(int fd, const char *name)
{
	struct sockaddr address = {0};
	socklen_t size = sizeof(address);

	scenario_call(getsockname(fd, &address, &size));
	scenario_check_equal(address.sa_family, AF_PACKET);
	scenario_check(strcmp(address.sa_data, name) == 0);
}

int main(void)
{
	int fresh = packet(SOCK_RAW, 0), any = packet(SOCK_DGRAM, PROTOCOL), bound = packet(SOCK_DGRAM, 0);
	int quiet = packet(SOCK_RAW, 0), options = packet(SOCK_RAW, 0), old = packet(SOCK_PACKET, PROTOCOL);
	int old_any = packet(SOCK_PACKET, ETH_P_ALL), one = packet(SOCK_DGRAM, PROTOCOL);
	int other = packet(SOCK_DGRAM, PROTOCOL);
	char buffer[100];
	int group = GROUP;

	bind_to(bound, PROTOCOL, LOOPBACK);
	bind_to(quiet, 0, LOOPBACK);
	bind_old(old, "lo");
	set_options(options);
	bind_to(one, PROTOCOL, LOOPBACK);
	bind_to(other, PROTOCOL, LOOPBACK);
	scenario_call(setsockopt(one, SOL_PACKET, PACKET_FANOUT, &group, sizeof(group)));
	scenario_call(setsockopt(other, SOL_PACKET, PACKET_FANOUT, &group, sizeof(group)));
	member(any, PACKET_ADD_MEMBERSHIP, PACKET_MR_PROMISC, "", 0);
	member(any, PACKET_ADD_MEMBERSHIP, PACKET_MR_UNICAST, "\0\0\0\0\0", 6);
	member(bound, PACKET_ADD_MEMBERSHIP, PACKET_MR_MULTICAST, "\1\2\3\4\5\6", 6);
	member(bound, PACKET_ADD_MEMBERSHIP, PACKET_MR_MULTICAST, "\1\2\3\4\5\6", 6);
	member(bound, PACKET_ADD_MEMBERSHIP, PACKET_MR_ALLMULTI, "", 0);

	scenario_checkpoint();
	check_bound(fresh, 0, 0);
	check_bound(any, PROTOCOL, 0);
	check_bound(bound, PROTOCOL, LOOPBACK);
	check_bound(quiet, 0, LOOPBACK);
	check_old(old, "lo");
	check_old(old_any, "");
	send_packet(bound, "a packet", PROTOCOL);
	sockets_receive(any, "a packet");
	sockets_receive(bound, "a packet");
	sockets_await(old, "a packet");
	scenario_check_equal(recv(old, buffer, sizeof(buffer), 0), 14 + 8);
	sockets_await(old_any, "a packet");
	sockets_check_empty(quiet);
	sockets_check_empty(fresh);
	/* One of the group gets it, and the other the next. */
	scenario_check_equal(sockets_poll(one) & POLLIN ? 1 : 0, sockets_poll(other) & POLLIN ? 0 : 1);
	send_packet(bound, "a packet", PROTOCOL);
	sockets_receive(one, "a packet");
	sockets_receive(other, "a packet");
	scenario_check_equal(sockets_get(options, SOL_PACKET, PACKET_VERSION), TPACKET_V2);
	scenario_check_equal(sockets_get(options, SOL_PACKET, PACKET_COPY_THRESH), 77);
	scenario_check_equal(setsockopt(options, SOL_SOCKET, SO_DETACH_FILTER, &(int){0}, sizeof(int)), -1);
	scenario_check_equal(sockets_get(one, SOL_PACKET, PACKET_FANOUT), GROUP);
	scenario_check_equal(promiscuity(), 2);
	member(any, PACKET_DROP_MEMBERSHIP, PACKET_MR_PROMISC, "", 0);
	scenario_check_equal(promiscuity(), 1);
	scenario_check(has_group());
	member(bound, PACKET_DROP_MEMBERSHIP, PACKET_MR_MULTICAST, "\1\2\3\4\5\6", 6);
	scenario_check(has_group());
	member(bound, PACKET_DROP_MEMBERSHIP, PACKET_MR_MULTICAST, "\1\2\3\4\5\6", 6);
	scenario_check(!has_group());
	scenario_pass();
}
