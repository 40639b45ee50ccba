/* SPDX-License-Identifier: MIT */
/* network */
/* needs: root /sbin/ip */
/* Multicast groups of each socket, with the sources that they leave out or take alone, IPv4 and IPv6. */
#include <net/if.h>

#include "sockets.h"

#define GROUP "239.1.2.3"
#define GROUP6 "ff15::42"

/* Loopback has no IPv6 multicast. */
static unsigned interface_of(const char *host)
{
	return if_nametoindex(strchr(host, ':') ? "v0" : "lo");
}

static void join(int fd, const char *group)
{
	struct group_req request = {.gr_interface = interface_of(group)};
	union socket_address address = sockets_address(group, 0);

	memcpy(&request.gr_group, &address, sizeof(address));
	scenario_call(setsockopt(fd, strchr(group, ':') ? IPPROTO_IPV6 : IPPROTO_IP, MCAST_JOIN_GROUP,
				 &request, sizeof(request)));
}

static void source(int fd, int what, const char *group, const char *from)
{
	struct group_source_req request = {.gsr_interface = interface_of(group)};
	union socket_address address = sockets_address(group, 0), sender = sockets_address(from, 0);

	memcpy(&request.gsr_group, &address, sizeof(address));
	memcpy(&request.gsr_source, &sender, sizeof(sender));
	scenario_call(setsockopt(fd, strchr(group, ':') ? IPPROTO_IPV6 : IPPROTO_IP, what, &request,
				 sizeof(request)));
}

static int member(const char *host)
{
	int fd = scenario_call(socket(strchr(host, ':') ? AF_INET6 : AF_INET, SOCK_DGRAM, 0));

	sockets_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (strchr(host, ':'))
		sockets_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	else
		sockets_set(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
	sockets_bind(fd, host, 4001);
	return fd;
}

static int sender(const char *host)
{
	int fd = sockets_bound(SOCK_DGRAM, host, 0);

	if (strchr(host, ':'))
		sockets_set(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, (int)interface_of(host));
	else
		sockets_set(fd, IPPROTO_IP, IP_MULTICAST_IF, (int)htonl(INADDR_LOOPBACK));
	return fd;
}

static void check_receives(int fd, const char *text, bool does)
{
	if (does)
		sockets_receive(fd, text);
	sockets_check_empty(fd);
}

int main(void)
{
	struct ip_mreq request = {.imr_interface.s_addr = htonl(INADDR_LOOPBACK)};
	int made = system("/sbin/ip link add v0 type veth peer name v1 && /sbin/ip link set v0 up && "
			  "/sbin/ip link set v1 up && /sbin/ip addr add fd00::1/64 dev v0 nodad");
	int plain = member("0.0.0.0"), excluding = member("0.0.0.0"), only = member("0.0.0.0");
	int none = member("0.0.0.0"), bound = member(GROUP), plain6 = member("::"), only6 = member("::");
	int one = sender("127.0.0.11"), other = sender("127.0.0.22"), from6 = sender("fd00::1");

	scenario_check_equal(made, 0);
	inet_pton(AF_INET, GROUP, &request.imr_multiaddr);
	scenario_call(setsockopt(plain, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(request)));
	join(plain, "239.9.9.9");
	join(excluding, GROUP);
	source(excluding, MCAST_BLOCK_SOURCE, GROUP, "127.0.0.11");
	source(excluding, MCAST_BLOCK_SOURCE, GROUP, "127.0.0.12");
	source(only, MCAST_JOIN_SOURCE_GROUP, GROUP, "127.0.0.11");
	join(none, "239.9.9.9");
	join(bound, GROUP);
	join(plain6, GROUP6);
	source(only6, MCAST_JOIN_SOURCE_GROUP, GROUP6, "fd00::2");

	scenario_checkpoint();
	sockets_send_to(one, "from one", GROUP, 4001);
	check_receives(plain, "from one", true);
	check_receives(excluding, "from one", false);
	check_receives(only, "from one", true);
	check_receives(none, "from one", false);
	check_receives(bound, "from one", true);
	sockets_send_to(other, "from another", GROUP, 4001);
	check_receives(plain, "from another", true);
	check_receives(excluding, "from another", true);
	check_receives(only, "from another", false);
	check_receives(bound, "from another", true);
	sockets_send_to(other, "other group", "239.9.9.9", 4001);
	check_receives(plain, "other group", true);
	check_receives(none, "other group", true);
	check_receives(bound, "other group", false);
	sockets_send_to(from6, "IPv6", GROUP6, 4001);
	check_receives(plain6, "IPv6", true);
	check_receives(only6, "IPv6", false);

	/* A membership can be given up as it was taken. */
	scenario_call(setsockopt(plain, IPPROTO_IP, IP_DROP_MEMBERSHIP, &request, sizeof(request)));
	source(only, MCAST_LEAVE_SOURCE_GROUP, GROUP, "127.0.0.11");
	sockets_send_to(one, "nobody", GROUP, 4001);
	check_receives(plain, "nobody", false);
	check_receives(only, "nobody", false);
	scenario_pass();
}
