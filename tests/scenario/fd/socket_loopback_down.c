/* SPDX-License-Identifier: MIT */
/* network */
/* The interface lo is down: sockets that were bound before or since, and one that is told that it is. */
#include <linux/if_packet.h>
#include <net/if.h>

#include "sockets.h"

static void set_loopback(bool is_up)
{
	struct ifreq request = {.ifr_name = "lo"};
	int fd = scenario_call(socket(AF_INET, SOCK_DGRAM, 0));

	scenario_call(ioctl(fd, SIOCGIFFLAGS, &request));
	request.ifr_flags = (short)(is_up ? request.ifr_flags | IFF_UP : request.ifr_flags & ~IFF_UP);
	scenario_call(ioctl(fd, SIOCSIFFLAGS, &request));
	close(fd);
}

int main(void)
{
	const struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(0x88b6),
		.sll_ifindex = 1,
	};
	int udp = sockets_bound(SOCK_DGRAM, "127.0.0.1", 4001), udp6 = sockets_bound(SOCK_DGRAM, "::1", 4002);
	int packet = scenario_call(socket(AF_PACKET, SOCK_DGRAM, 0));
	int told = scenario_call(socket(AF_PACKET, SOCK_DGRAM, 0)), client;

	set_loopback(false);
	scenario_call(bind(packet, (const struct sockaddr *)&address, sizeof(address)));
	scenario_call(bind(told, (const struct sockaddr *)&address, sizeof(address)));
	scenario_check_equal(sockets_get(told, SOL_SOCKET, SO_ERROR), ENETDOWN);

	scenario_checkpoint();
	scenario_check_equal(sockets_get(packet, SOL_SOCKET, SO_ERROR), ENETDOWN);
	scenario_check_equal(sockets_get(told, SOL_SOCKET, SO_ERROR), 0);
	set_loopback(true);
	client = scenario_call(socket(AF_INET, SOCK_DGRAM, 0));
	sockets_send_to(client, "hello", "127.0.0.1", 4001);
	sockets_receive(udp, "hello");
	scenario_check_equal(sockets_port(udp6), 4002);
	/* As another restore of the same expects it. */
	set_loopback(false);
	scenario_pass();
}
