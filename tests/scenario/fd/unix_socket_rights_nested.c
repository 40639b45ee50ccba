/* SPDX-License-Identifier: MIT */
/* Sockets in queues of sockets in queues, deep, and in circles. */
#include "unix_sockets.h"

#define DEPTH 40

int main(void)
{
	int outer[2], ring[2], self[2], received[2], at[2], last[2];

	/* Each pair is in the queue of one end of the one before it, and nowhere else. */
	scenario_call(socketpair(AF_UNIX, SOCK_STREAM, 0, outer));
	last[0] = scenario_call(dup(outer[0]));
	last[1] = scenario_call(dup(outer[1]));
	for (int i = 0; i < DEPTH; i++) {
		int next[2];

		scenario_call(socketpair(AF_UNIX, i % 2 ? SOCK_DGRAM : SOCK_STREAM, 0, next));
		unix_send_fds(last[0], "down", next, 2);
		close(last[0]);
		close(last[1]);
		last[0] = next[0];
		last[1] = next[1];
	}
	unix_say(last[0], "bottom");
	close(last[0]);
	close(last[1]);
	/* One end in its own queue, and one in the other's. */
	scenario_call(socketpair(AF_UNIX, SOCK_DGRAM, 0, self));
	unix_send_fds(self[0], "self", &self[1], 1);
	scenario_call(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ring));
	unix_send_fds(ring[0], "ring", &ring[0], 1);
	unix_send_fds(ring[1], "ring", &ring[1], 1);
	close(ring[1]);

	scenario_checkpoint();
	at[0] = outer[0];
	at[1] = outer[1];
	for (int i = 0; i < DEPTH; i++) {
		unix_receive_fds(at[1], "down", received, 2);
		close(at[0]);
		close(at[1]);
		at[0] = received[0];
		at[1] = received[1];
	}
	unix_hear(at[1], "bottom");
	unix_receive_fds(self[1], "self", received, 1);
	unix_check_connected(self[0], received[0]);
	unix_receive_fds(ring[0], "ring", &ring[1], 1);
	unix_receive_fds(ring[1], "ring", received, 1);
	unix_check_connected(ring[0], ring[1]);
	scenario_pass();
}
