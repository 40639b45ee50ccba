/* SPDX-License-Identifier: MIT */
/* network */
/* Rings that nothing was put into yet, of all versions, mapped by a process and its child, privately or not
 * at all. */
#include <sys/wait.h>

#include "packet_rings.h"

int main(void)
{
	int sender = scenario_call(socket(AF_PACKET, SOCK_DGRAM, 0)),
	    first = rings_socket(SOCK_RAW, TPACKET_V1);
	int second = rings_socket(SOCK_DGRAM, TPACKET_V2), third = rings_socket(SOCK_DGRAM, TPACKET_V3);
	const struct tpacket_req3 request = {
		.tp_block_size = 4 * RING_SIZE,
		.tp_block_nr = 2,
		.tp_frame_size = FRAME_SIZE,
		.tp_frame_nr = 8 * FRAMES,
		.tp_retire_blk_tov = 5,
		.tp_sizeof_priv = 16,
		.tp_feature_req_word = TP_FT_REQ_FILL_RXHASH,
	};
	unsigned char *first_rings, *second_ring;
	struct tpacket_block_desc *block;
	pid_t child;

	rings_make(first, PACKET_RX_RING);
	rings_make(first, PACKET_TX_RING);
	rings_make(second, PACKET_RX_RING);
	scenario_call(setsockopt(third, SOL_PACKET, PACKET_RX_RING, &request, sizeof(request)));
	first_rings = rings_map(first, (size_t)2 * RING_SIZE, MAP_PRIVATE);
	second_ring = rings_map(second, RING_SIZE, MAP_SHARED);
	child = scenario_fork();
	if (child == 0) {
		scenario_join();
		rings_bind(second, PROTOCOL);
		rings_send(sender, 12);
		scenario_check_equal(rings_take(second_ring, 0), 12);
		_exit(0);
	}

	scenario_checkpoint();
	scenario_reap(child, 0);
	rings_send(sender, 13);
	scenario_check_equal(rings_take(second_ring, 1), 13);
	scenario_check_equal(first_rings[0], 0);
	rings_bind(third, PROTOCOL);
	block = (void *)rings_map(third, (size_t)8 * RING_SIZE, MAP_SHARED);
	rings_send(sender, 14);
	sockets_await(third, "a block");
	scenario_check_equal(block->hdr.bh1.num_pkts, 1);
	scenario_check_equal(block->offset_to_priv, sizeof(*block));
	scenario_pass();
}
