/* SPDX-License-Identifier: MIT */
/* network */
/* Rings that packets are received into: untaken ones stay, and the kernel goes on with the next frame. */
#include "packet_rings.h"

static int receiver(void)
{
	int fd = rings_socket(SOCK_DGRAM, TPACKET_V2);

	rings_make(fd, PACKET_RX_RING);
	rings_bind(fd, PROTOCOL);
	return fd;
}

int main(void)
{
	int sender = scenario_call(socket(AF_PACKET, SOCK_DGRAM, 0));
	int waiting = receiver(), emptied = receiver(), full = receiver(), round = receiver();
	unsigned char *waiting_ring = rings_map(waiting, RING_SIZE, MAP_SHARED);
	unsigned char *emptied_ring = rings_map(emptied, RING_SIZE, MAP_SHARED);
	unsigned char *round_ring = rings_map(round, RING_SIZE, MAP_SHARED), *full_ring;

	/* One keeps the last three of five, one none, one the last two of FRAMES + 1, one is full. */
	for (unsigned i = 0; i < FRAMES + 1; i++) {
		rings_send(sender, (unsigned char)(i + 1));
		scenario_check_equal(rings_take(emptied_ring, i % FRAMES), i + 1);
		if (i < FRAMES - 1)
			scenario_check_equal(rings_take(round_ring, i), i + 1);
		if (i == 1) {
			scenario_check_equal(rings_take(waiting_ring, 0), 1);
			scenario_check_equal(rings_take(waiting_ring, 1), 2);
		}
		if (i == 4)
			rings_bind(waiting, PROTOCOL + 1);
	}

	scenario_checkpoint();
	/* The full one is mapped only now. */
	full_ring = rings_map(full, RING_SIZE, MAP_SHARED);
	for (unsigned i = 0; i < FRAMES; i++)
		scenario_check_equal(rings_take(full_ring, i), i + 1);
	for (unsigned i = 2; i < 5; i++)
		scenario_check_equal(rings_take(waiting_ring, i), i + 1);
	scenario_check_equal(rings_take(waiting_ring, 5), 0);
	scenario_check_equal(rings_take(round_ring, FRAMES - 1), FRAMES);
	scenario_check_equal(rings_take(round_ring, 0), FRAMES + 1);
	rings_bind(waiting, PROTOCOL);
	rings_send(sender, 77);
	scenario_check_equal(rings_take(waiting_ring, 5), 77);
	scenario_check_equal(rings_take(emptied_ring, 1), 77);
	scenario_check_equal(rings_take(round_ring, 1), 77);
	scenario_check_equal(rings_take(full_ring, 0), 77);
	scenario_pass();
}
