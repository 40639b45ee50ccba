/* SPDX-License-Identifier: MIT */
/* network */
/* needs: /dev/net/tun */
/* TUN and TAP devices: not attached, that go with the program, with several queues, and one that stays. */
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>

#include "sockets.h"

static struct ifreq request_for(const char *name)
{
	struct ifreq request = {0};

	strncpy(request.ifr_name, name, sizeof(request.ifr_name) - 1);
	return request;
}

static void attach(int fd, const char *name, int flags)
{
	struct ifreq request = request_for(name);

	request.ifr_flags = (short)flags;
	scenario_call(ioctl(fd, TUNSETIFF, &request));
}

static int tun(const char *name, int flags)
{
	int fd = scenario_call(open("/dev/net/tun", O_RDWR | O_NONBLOCK));

	attach(fd, name, flags);
	return fd;
}

static void set_queue(int fd, int what)
{
	struct ifreq request = {.ifr_flags = (short)what};

	scenario_call(ioctl(fd, TUNSETQUEUE, &request));
}

static void check_attached(int fd, const char *name, int flags)
{
	struct ifreq request = {0};

	scenario_call(ioctl(fd, TUNGETIFF, &request));
	scenario_check(strcmp(request.ifr_name, name) == 0);
	scenario_check_equal(request.ifr_flags & flags, flags);
}

static struct ifreq ask(unsigned long what, const char *name)
{
	int fd = scenario_call(socket(AF_INET, SOCK_DGRAM, 0));
	struct ifreq request = request_for(name);

	scenario_call(ioctl(fd, what, &request));
	close(fd);
	return request;
}

static void tell(unsigned long what, const struct ifreq *request)
{
	int fd = scenario_call(socket(AF_INET, SOCK_DGRAM, 0));

	scenario_call(ioctl(fd, what, request));
	close(fd);
}

/* What is sent to the interface the program reads. The kernel sends some of its own. */
static void send_through(int fd, int interface)
{
	const unsigned char packet[20] = {0x45, [3] = 20, [8] = 3, [9] = 253, [16] = 192, 0, 2, 1};
	const struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(0x0800),
		.sll_ifindex = interface,
	};
	int sender = scenario_call(socket(AF_PACKET, SOCK_DGRAM, 0));
	unsigned char received[2000];

	scenario_check_equal(
		sendto(sender, packet, sizeof(packet), 0, (const struct sockaddr *)&address, sizeof(address)),
		sizeof(packet));
	do
		sockets_await(fd, "a packet");
	while (scenario_call(read(fd, received, sizeof(received))) != (ssize_t)sizeof(packet));
	scenario_check(memcmp(received, packet, sizeof(packet)) == 0);
	close(sender);
}

int main(void)
{
	int fresh = scenario_call(open("/dev/net/tun", O_RDWR)), plain = tun("tunx0", IFF_TUN | IFF_NO_PI);
	int first = tun("tunx1", IFF_TUN | IFF_MULTI_QUEUE), second = tun("tunx1", IFF_TUN | IFF_MULTI_QUEUE);
	int stays, tap = tun("tapx0", IFF_TAP), staying = tun("tunx2", IFF_TUN), buffer = 5000;
	struct ifreq request = request_for("tapx0"), address, index;

	set_queue(second, IFF_DETACH_QUEUE);
	scenario_call(ioctl(staying, TUNSETPERSIST, 1));
	scenario_call(ioctl(tap, TUNSETOWNER, 4711));
	scenario_call(ioctl(tap, TUNSETSNDBUF, &buffer));
	memcpy(request.ifr_hwaddr.sa_data, "\2\3\4\5\6\7", 6);
	request.ifr_hwaddr.sa_family = 1;
	tell(SIOCSIFHWADDR, &request);
	request = request_for("tapx0");
	request.ifr_mtu = 1234;
	tell(SIOCSIFMTU, &request);
	request = ask(SIOCGIFFLAGS, "tapx0");
	request.ifr_flags |= IFF_UP;
	tell(SIOCSIFFLAGS, &request);
	address = ask(SIOCGIFHWADDR, "tapx0");
	index = ask(SIOCGIFINDEX, "tunx0");
	stays = tun("tunx3", IFF_TUN);
	scenario_call(ioctl(stays, TUNSETPERSIST, 1));
	close(stays);

	scenario_checkpoint();
	check_attached(plain, "tunx0", IFF_TUN | IFF_NO_PI);
	check_attached(first, "tunx1", IFF_TUN | IFF_MULTI_QUEUE);
	check_attached(second, "tunx1", IFF_TUN | IFF_MULTI_QUEUE | IFF_DETACH_QUEUE);
	check_attached(staying, "tunx2", IFF_TUN | IFF_PERSIST);
	check_attached(tap, "tapx0", IFF_TAP);
	set_queue(first, IFF_DETACH_QUEUE);
	set_queue(second, IFF_ATTACH_QUEUE);
	attach(fresh, "tunx4", IFF_TUN);
	request = ask(SIOCGIFHWADDR, "tapx0");
	scenario_check(memcmp(&request.ifr_hwaddr, &address.ifr_hwaddr, sizeof(request.ifr_hwaddr)) == 0);
	scenario_check_equal(ask(SIOCGIFMTU, "tapx0").ifr_mtu, 1234);
	scenario_check(ask(SIOCGIFFLAGS, "tapx0").ifr_flags & IFF_UP);
	scenario_check(!(ask(SIOCGIFFLAGS, "tunx0").ifr_flags & IFF_UP));
	scenario_check_equal(ask(SIOCGIFINDEX, "tunx0").ifr_ifindex, index.ifr_ifindex);
	scenario_call(ioctl(tap, TUNGETSNDBUF, &buffer));
	scenario_check_equal(buffer, 5000);
	request = ask(SIOCGIFFLAGS, "tunx0");
	request.ifr_flags |= IFF_UP;
	tell(SIOCSIFFLAGS, &request);
	send_through(plain, index.ifr_ifindex);
	scenario_pass();
}
