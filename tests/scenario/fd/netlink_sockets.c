/* SPDX-License-Identifier: MIT */
/* network */
/* Netlink sockets: ports, groups, peers, options; and that they get what they are sent. */
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include "sockets.h"

#define GROUP 17 /* of the user's protocol, which the kernel sends nothing to */

static int netlink(int type, int protocol)
{
	return scenario_call(socket(AF_NETLINK, type | SOCK_NONBLOCK, protocol));
}

static struct sockaddr_nl own_address(int fd)
{
	struct sockaddr_nl address;
	socklen_t size = sizeof(address);

	scenario_call(getsockname(fd, (struct sockaddr *)&address, &size));
	return address;
}

static void bind_to(int fd, uint32_t port, uint32_t groups)
{
	const struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_pid = port, .nl_groups = groups};

	scenario_call(bind(fd, (const struct sockaddr *)&address, sizeof(address)));
}

static void connect_to(int fd, uint32_t port, uint32_t groups)
{
	const struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_pid = port, .nl_groups = groups};

	scenario_call(connect(fd, (const struct sockaddr *)&address, sizeof(address)));
}

static void send_message(int fd, uint32_t sequence)
{
	const struct nlmsghdr message = {
		.nlmsg_len = sizeof(message), .nlmsg_type = 0x1234, .nlmsg_seq = sequence};

	scenario_check_equal(send(fd, &message, sizeof(message), 0), sizeof(message));
}

static void receive_message(int fd, uint32_t sequence, uint32_t port)
{
	struct sockaddr_nl from = {0};
	socklen_t size = sizeof(from);
	struct nlmsghdr message = {0};

	sockets_await(fd, "a message");
	scenario_check_equal(recvfrom(fd, &message, sizeof(message), 0, (struct sockaddr *)&from, &size),
			     sizeof(message));
	scenario_check_equal(message.nlmsg_seq, sequence);
	scenario_check_equal(from.nl_pid, port);
}

/* The kernel is asked for a network interface, and answers. */
static void ask_for_loopback(int fd)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg about;
	} question = {
		{.nlmsg_len = sizeof(question),
		 .nlmsg_type = RTM_GETLINK,
		 .nlmsg_flags = NLM_F_REQUEST,
		 .nlmsg_seq = 5},
		{.ifi_family = AF_UNSPEC, .ifi_index = 1},
	};
	union {
		struct nlmsghdr header;
		char bytes[16384];
	} answer;

	scenario_check_equal(send(fd, &question, sizeof(question), 0), sizeof(question));
	sockets_await(fd, "an answer");
	scenario_check(scenario_call(recv(fd, &answer, sizeof(answer), 0)) > (ssize_t)sizeof(answer.header));
	scenario_check_equal(answer.header.nlmsg_type, RTM_NEWLINK);
	scenario_check_equal(answer.header.nlmsg_pid, own_address(fd).nl_pid);
}

/* An address of loopback comes, which the group of such news is told. */
static void check_news(int fd)
{
	struct {
		struct nlmsghdr header;
		struct ifaddrmsg about;
		struct rtattr attribute;
		unsigned char address[4];
	} request = {
		{.nlmsg_len = sizeof(request),
		 .nlmsg_type = RTM_NEWADDR,
		 .nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE},
		{.ifa_family = AF_INET, .ifa_prefixlen = 32, .ifa_index = 1},
		{.rta_len = RTA_LENGTH(4), .rta_type = IFA_LOCAL},
		{10, 9, 8, 7},
	};
	union {
		struct nlmsghdr header;
		char bytes[16384];
	} answer;
	int asker = netlink(SOCK_RAW, NETLINK_ROUTE);

	scenario_check_equal(send(asker, &request, sizeof(request), 0), sizeof(request));
	sockets_await(fd, "news");
	scenario_call(recv(fd, &answer, sizeof(answer), 0));
	scenario_check_equal(answer.header.nlmsg_type, RTM_NEWADDR);
	request.header.nlmsg_type = RTM_DELADDR;
	scenario_check_equal(send(asker, &request, sizeof(request), 0), sizeof(request));
	sockets_await(fd, "news");
	scenario_call(recv(fd, &answer, sizeof(answer), 0));
	close(asker);
}

static void set_options(int fd)
{
	const struct sock_filter pass[] = {BPF_STMT(BPF_RET | BPF_K, 0xffff)};
	const struct sock_fprog program = {.len = 1, .filter = (struct sock_filter *)pass};

	sockets_set(fd, SOL_NETLINK, NETLINK_PKTINFO, 1);
	sockets_set(fd, SOL_NETLINK, NETLINK_BROADCAST_ERROR, 1);
	sockets_set(fd, SOL_NETLINK, NETLINK_NO_ENOBUFS, 1);
	sockets_set(fd, SOL_NETLINK, NETLINK_CAP_ACK, 1);
	sockets_set(fd, SOL_NETLINK, NETLINK_EXT_ACK, 1);
	sockets_set(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1);
	sockets_set(fd, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, 1);
	sockets_set(fd, SOL_SOCKET, SO_RCVBUF, 70000);
	sockets_set(fd, SOL_SOCKET, SO_PASSCRED, 1);
	scenario_call(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)));
}

int main(void)
{
	int fresh = netlink(SOCK_DGRAM, NETLINK_ROUTE), used = netlink(SOCK_RAW, NETLINK_ROUTE);
	int news = netlink(SOCK_RAW, NETLINK_ROUTE), options = netlink(SOCK_RAW, NETLINK_NETFILTER);
	int server = netlink(SOCK_RAW, NETLINK_USERSOCK), listener = netlink(SOCK_RAW, NETLINK_USERSOCK);
	int client = netlink(SOCK_RAW, NETLINK_USERSOCK), speaker = netlink(SOCK_RAW, NETLINK_USERSOCK);
	int events = netlink(SOCK_RAW, NETLINK_KOBJECT_UEVENT), far = netlink(SOCK_RAW, NETLINK_ROUTE);
	uint32_t port, client_port, groups[4];
	socklen_t size = sizeof(groups);

	ask_for_loopback(used);
	port = own_address(used).nl_pid;
	bind_to(news, 0, RTMGRP_IPV4_IFADDR);
	bind_to(server, 54321, 0);
	bind_to(events, (uint32_t)getpid(), 1U << 31);
	sockets_set(listener, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, GROUP);
	sockets_set(far, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, RTNLGRP_NEXTHOP);
	sockets_set(far, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, RTNLGRP_BRVLAN);
	connect_to(client, 54321, 0);
	client_port = own_address(client).nl_pid;
	connect_to(speaker, 54321, 1U << (GROUP - 1));
	set_options(options);

	scenario_checkpoint();
	scenario_check_equal(own_address(fresh).nl_pid, 0);
	ask_for_loopback(fresh);
	scenario_check_equal(own_address(used).nl_pid, port);
	ask_for_loopback(used);
	check_news(news);
	send_message(client, 7);
	receive_message(server, 7, client_port);
	send_message(speaker, 8);
	receive_message(listener, 8, own_address(speaker).nl_pid);
	receive_message(server, 8, own_address(speaker).nl_pid);
	sockets_check_empty(server);
	scenario_check_equal(own_address(events).nl_groups, 1U << 31);
	scenario_call(getsockopt(far, SOL_NETLINK, NETLINK_LIST_MEMBERSHIPS, groups, &size));
	scenario_check_equal(groups[0], RTNLGRP_NEXTHOP > 32 ? 0 : 1U << (RTNLGRP_NEXTHOP - 1));
	scenario_check(groups[1] & 1U << (RTNLGRP_BRVLAN - 33));
	scenario_check_equal(sockets_get(options, SOL_NETLINK, NETLINK_EXT_ACK), 1);
	scenario_pass();
}
