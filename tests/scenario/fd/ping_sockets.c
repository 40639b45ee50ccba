/* SPDX-License-Identifier: MIT */
/* network */
/* needs: root */
/* Sockets for ICMP echo requests: the id that they have chosen, been given, or not got yet. */
#include <linux/icmp.h>

#include "sockets.h"

#define ID 4321

static void permit(void)
{
	int fd = scenario_call(open("/proc/sys/net/ipv4/ping_group_range", O_WRONLY));

	scenario_call(write(fd, "0 2147483647", 12));
	close(fd);
}

static int ping(int family)
{
	return scenario_call(socket(family, SOCK_DGRAM, family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6));
}

/* Sends a request, and has the answer. */
static void check_answer(int fd, const char *host, bool is_connected)
{
	union socket_address to = sockets_address(host, 0);
	unsigned char packet[24] = {strchr(host, ':') ? 128 : ICMP_ECHO, [7] = 9, [8] = 'p', 'i', 'n', 'g'};
	unsigned char answer[100];

	scenario_check_equal(sendto(fd, packet, sizeof(packet), 0, is_connected ? NULL : &to.any,
				    is_connected ? 0 : sockets_address_size(&to)),
			     sizeof(packet));
	sockets_await(fd, "an answer");
	scenario_check_equal(recv(fd, answer, sizeof(answer), 0), sizeof(packet));
	scenario_check_equal(answer[0], strchr(host, ':') ? 129 : ICMP_ECHOREPLY);
	scenario_check(memcmp(answer + 8, "ping", 4) == 0);
	scenario_check_equal(answer[4] << 8 | answer[5], sockets_port(fd));
}

int main(void)
{
	int fresh, bound, used, connected, fresh6, connected6;
	unsigned id;

	permit();
	fresh = ping(AF_INET);
	bound = ping(AF_INET);
	used = ping(AF_INET);
	connected = ping(AF_INET);
	fresh6 = ping(AF_INET6);
	connected6 = ping(AF_INET6);
	sockets_bind(bound, "127.0.0.1", ID);
	check_answer(used, "127.0.0.1", false);
	id = sockets_port(used);
	sockets_connect(connected, "127.0.0.1", 0);
	sockets_connect(connected6, "::1", 0);
	sockets_set(bound, IPPROTO_IP, IP_TTL, 9);

	scenario_checkpoint();
	scenario_check_equal(sockets_port(fresh), 0);
	check_answer(fresh, "127.0.0.1", false);
	check_answer(fresh6, "::1", false);
	scenario_check_equal(sockets_port(bound), ID);
	check_answer(bound, "127.0.0.1", false);
	scenario_check_equal(sockets_port(used), id);
	check_answer(used, "127.0.0.1", false);
	check_answer(connected, "127.0.0.1", true);
	check_answer(connected6, "::1", true);
	scenario_pass();
}
