/* SPDX-License-Identifier: MIT */
/* network */
/* Rings that packets are sent from: the kernel goes on with the frame after the last one that it has sent. */
#include "packet_rings.h"

/* Puts a packet into a frame; of SOCK_RAW with its header. */
static void put(unsigned char *ring, unsigned index, bool is_raw, unsigned char byte)
{
	struct tpacket2_hdr *frame = (void *)(ring + (size_t)index * FRAME_SIZE);
	unsigned char *data = (unsigned char *)frame + TPACKET_ALIGN(sizeof(*frame));
	const unsigned char header[14] = {[12] = PROTOCOL >> 8, [13] = PROTOCOL & 0xff};

	scenario_check_equal(frame->tp_status, TP_STATUS_AVAILABLE);
	memcpy(data, header, is_raw ? sizeof(header) : 0);
	data[is_raw ? sizeof(header) : 0] = byte;
	frame->tp_len = is_raw ? sizeof(header) + 1 : 1;
	__atomic_store_n(&frame->tp_status, TP_STATUS_SEND_REQUEST, __ATOMIC_RELEASE);
}

static void send_all(int fd)
{
	struct sockaddr_ll address = rings_address(PROTOCOL);

	scenario_call(sendto(fd, NULL, 0, 0, (struct sockaddr *)&address, sizeof(address)));
}

static void receive(int fd, unsigned char byte)
{
	unsigned char received = 0;

	sockets_await(fd, "a packet");
	scenario_check_equal(recv(fd, &received, 1, 0), 1);
	scenario_check_equal(received, byte);
}

int main(void)
{
	int receiver = scenario_call(socket(AF_PACKET, SOCK_DGRAM, 0)),
	    both = rings_socket(SOCK_DGRAM, TPACKET_V2);
	int raw = rings_socket(SOCK_RAW, TPACKET_V2);
	unsigned char *raw_ring, *both_rings;

	rings_bind(receiver, PROTOCOL);
	rings_make(raw, PACKET_TX_RING);
	rings_make(both, PACKET_RX_RING);
	rings_make(both, PACKET_TX_RING);
	rings_bind(both, PROTOCOL + 1);
	raw_ring = rings_map(raw, RING_SIZE, MAP_SHARED);
	both_rings = rings_map(both, (size_t)2 * RING_SIZE, MAP_SHARED);
	for (unsigned i = 0; i < 5; i++) {
		put(raw_ring, i, true, (unsigned char)(i + 1));
		send_all(raw);
		receive(receiver, (unsigned char)(i + 1));
	}
	put(both_rings + RING_SIZE, 0, false, 33);
	send_all(both);
	receive(receiver, 33);
	/* Prepared, and not sent yet. */
	put(raw_ring, 5, true, 44);
	put(both_rings + RING_SIZE, 1, false, 55);

	scenario_checkpoint();
	put(raw_ring, 6, true, 45);
	send_all(raw);
	receive(receiver, 44);
	receive(receiver, 45);
	send_all(both);
	receive(receiver, 55);
	scenario_check_equal(rings_take(both_rings, 0), 0);
	rings_bind(both, PROTOCOL);
	rings_send(receiver, 66);
	scenario_check_equal(rings_take(both_rings, 0), 66);
	scenario_pass();
}
