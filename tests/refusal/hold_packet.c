/* SPDX-License-Identifier: MIT */
/* Makes packet sockets and tunnels in states that cannot be preserved, or not everywhere. */
#include "hold_packet.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/vm_sockets.h>

#define PROTOCOL 0x88b6 /* local experimental EtherType 2 */
#define RING_SIZE 8192

static int bound(const char *interface)
{
	const struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(PROTOCOL),
		.sll_ifindex = (int)if_nametoindex(interface),
	};
	int fd = socket(AF_PACKET, SOCK_DGRAM, 0);

	return fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? -1 : fd;
}

static int make_packet(void)
{
	return bound("lo");
}

static int make_packet_device(void)
{
	return bound("v0");
}

/* A classic BPF program divides what comes. */
static int make_packet_fanout_program(void)
{
	struct sock_filter first = BPF_STMT(BPF_RET | BPF_K, 0);
	const struct sock_fprog program = {.len = 1, .filter = &first};
	const int group = 9 | PACKET_FANOUT_CBPF << 16;
	int fd = bound("lo");

	return setsockopt(fd, SOL_PACKET, PACKET_FANOUT, &group, sizeof(group)) < 0 ||
			       setsockopt(fd, SOL_PACKET, PACKET_FANOUT_DATA, &program, sizeof(program)) < 0
		       ? -1
		       : fd;
}

static int make_packet_fanout(void)
{
	const int group = 9 | PACKET_FANOUT_LB << 16;
	int fd = bound("lo");

	return setsockopt(fd, SOL_PACKET, PACKET_FANOUT, &group, sizeof(group)) < 0 ? -1 : fd;
}

static int with_ring(void)
{
	const struct tpacket_req request = {RING_SIZE, 1, 1024, RING_SIZE / 1024};
	int fd = bound("lo");

	return setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof(request)) < 0 ? -1 : fd;
}

static int make_packet_ring_part(void)
{
	int fd = with_ring();
	char *ring = mmap(NULL, RING_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return ring == MAP_FAILED || munmap(ring, RING_SIZE / 2) < 0 ? -1 : fd;
}

static int make_packet_ring_closed(void)
{
	int fd = with_ring();

	if (mmap(NULL, RING_SIZE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED)
		return -1;
	close(fd);
	return open("/dev/null", O_RDONLY);
}

static int make_packet_ring_written(void)
{
	int fd = with_ring();
	char *ring = mmap(NULL, RING_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

	if (ring == MAP_FAILED)
		return -1;
	ring[100] = 'x';
	return fd;
}

static int tun(int flags)
{
	struct ifreq request = {.ifr_name = "tun9", .ifr_flags = (short)flags};
	int fd = open("/dev/net/tun", O_RDWR);

	return ioctl(fd, TUNSETIFF, &request) < 0 ? -1 : fd;
}

static int make_tun(void)
{
	return tun(IFF_TUN);
}

static int make_tun_staying(void)
{
	int fd = tun(IFF_TUN);

	return ioctl(fd, TUNSETPERSIST, 1) < 0 ? -1 : fd;
}

static int make_vsock(void)
{
	const struct sockaddr_vm address = {
		.svm_family = AF_VSOCK,
		.svm_cid = VMADDR_CID_ANY,
		.svm_port = 47110,
	};
	int fd = socket(AF_VSOCK, SOCK_STREAM, 0);

	return fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? -1 : fd;
}

static int make_mptcp(void)
{
	return socket(AF_INET, SOCK_STREAM, 262 /* IPPROTO_MPTCP */);
}

static int make_xdp(void)
{
	return socket(AF_XDP, SOCK_RAW, 0);
}

static int make_tap_offload(void)
{
	return tun(IFF_TAP | IFF_VNET_HDR);
}

static int make_tap_filter(void)
{
	struct sock_filter all = BPF_STMT(BPF_RET | BPF_K, 0xffff);
	const struct sock_fprog program = {.len = 1, .filter = &all};
	int fd = tun(IFF_TAP);

	return ioctl(fd, TUNATTACHFILTER, &program) < 0 ? -1 : fd;
}

static const struct {
	const char *what;
	int (*make)(void);
} sockets[] = {
	{"vsock", make_vsock},
	{"mptcp", make_mptcp},
	{"xdp", make_xdp},
	{"tun", make_tun},
	{"tun-staying", make_tun_staying},
	{"tap-offload", make_tap_offload},
	{"tap-filter", make_tap_filter},
	{"packet", make_packet},
	{"packet-device", make_packet_device},
	{"packet-fanout", make_packet_fanout},
	{"packet-fanout-program", make_packet_fanout_program},
	{"packet-ring-part", make_packet_ring_part},
	{"packet-ring-closed", make_packet_ring_closed},
	{"packet-ring-written", make_packet_ring_written},
};

int hold_packet(const char *what)
{
	for (size_t i = 0; i < sizeof(sockets) / sizeof(sockets[0]); i++)
		if (strcmp(what, sockets[i].what) == 0)
			return sockets[i].make();
	return -2;
}
