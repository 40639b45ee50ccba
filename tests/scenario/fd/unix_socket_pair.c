/* SPDX-License-Identifier: MIT */
/* Pairs of all types, with what was sent and not received yet, in both directions; message borders stay. */
#include "unix_sockets.h"

int main(void)
{
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
	int pairs[3][2];

	for (int i = 0; i < 3; i++) {
		scenario_call(socketpair(AF_UNIX, types[i], 0, pairs[i]));
		unix_say(pairs[i][0], "one ");
		unix_say(pairs[i][0], "two");
		unix_say(pairs[i][1], "back");
	}
	/* Empty datagrams are messages, too. */
	unix_say(pairs[1][0], "");
	unix_say(pairs[1][0], "three");
	unix_say(pairs[2][0], "");
	unix_say(pairs[2][0], "");
	scenario_checkpoint();
	unix_hear(pairs[0][1], "one two");
	for (int i = 1; i < 3; i++) {
		unix_hear(pairs[i][1], "one ");
		unix_hear(pairs[i][1], "two");
		unix_hear(pairs[i][1], "");
	}
	unix_hear(pairs[1][1], "three");
	unix_hear(pairs[2][1], "");
	for (int i = 0; i < 3; i++) {
		unix_hear_nothing(pairs[i][1]);
		unix_hear(pairs[i][0], "back");
		unix_hear_nothing(pairs[i][0]);
		unix_check_connected(pairs[i][0], pairs[i][1]);
		unix_check_names(pairs[i][0], "", "");
	}
	scenario_pass();
}
