/* SPDX-License-Identifier: MIT */
/* What the scenarios of rings of packet sockets have in common: TPACKET_V2, frames of 256 bytes. */
#pragma once

#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <sys/mman.h>

#include "sockets.h"

#define PROTOCOL 0x88b6 /* local experimental EtherType 2 */
#define LOOPBACK 1
#define FRAME_SIZE 256
#define FRAMES 16
#define RING_SIZE 4096

static inline int rings_socket(int type, int version)
{
	int fd = scenario_call(socket(AF_PACKET, type, 0));

	sockets_set(fd, SOL_PACKET, PACKET_VERSION, version);
	return fd;
}

static inline void rings_make(int fd, int option)
{
	const struct tpacket_req3 request = {
		.tp_block_size = RING_SIZE,
		.tp_block_nr = 1,
		.tp_frame_size = FRAME_SIZE,
		.tp_frame_nr = FRAMES,
	};

	scenario_call(setsockopt(fd, SOL_PACKET, option, &request, sizeof(request)));
}

static inline unsigned char *rings_map(int fd, size_t size, int flags)
{
	return scenario_call(mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0));
}

static inline struct sockaddr_ll rings_address(unsigned protocol)
{
	return (struct sockaddr_ll){
		.sll_family = AF_PACKET,
		.sll_protocol = htons((uint16_t)protocol),
		.sll_ifindex = LOOPBACK,
		.sll_halen = 6,
	};
}

static inline void rings_bind(int fd, unsigned protocol)
{
	struct sockaddr_ll address = rings_address(protocol);

	scenario_call(bind(fd, (struct sockaddr *)&address, sizeof(address)));
}

/* A packet of one byte, over loopback. */
static inline void rings_send(int fd, unsigned char byte)
{
	struct sockaddr_ll address = rings_address(PROTOCOL);

	scenario_check_equal(sendto(fd, &byte, 1, 0, (struct sockaddr *)&address, sizeof(address)), 1);
}

/* Takes the packet that frame INDEX must have got, of SOCK_DGRAM; 0: it has none. */
static inline unsigned char rings_take(unsigned char *ring, unsigned index)
{
	struct tpacket2_hdr *frame = (void *)(ring + (size_t)index * FRAME_SIZE);
	unsigned char byte;

	if (!(__atomic_load_n(&frame->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
		return 0;
	scenario_check_equal(frame->tp_len, 1);
	byte = ((unsigned char *)frame)[frame->tp_net];
	__atomic_store_n(&frame->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	return byte;
}
