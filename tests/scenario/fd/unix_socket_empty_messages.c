/* SPDX-License-Identifier: MIT */
/* Messages without a byte: with descriptors, with a sender, among others, and alone. */
#include "unix_sockets.h"

static void send_empty(int fd, int descriptor)
{
	unix_send_fds(fd, "", &descriptor, 1);
}

int main(void)
{
	static const int types[] = {SOCK_DGRAM, SOCK_SEQPACKET};
	int pairs[2][2], alone[2][2], received, pipe_fds[2], named = unix_new(SOCK_DGRAM), sender;
	char byte;

	scenario_call(pipe(pipe_fds));
	scenario_check_equal(write(pipe_fds[1], "abcd", 4), 4);
	for (int i = 0; i < 2; i++) {
		scenario_call(socketpair(AF_UNIX, types[i], 0, pairs[i]));
		scenario_call(socketpair(AF_UNIX, types[i], 0, alone[i]));
		unix_say(pairs[i][0], "");
		send_empty(pairs[i][0], pipe_fds[0]);
		unix_say(pairs[i][0], "between");
		unix_say(pairs[i][0], "");
		unix_say(pairs[i][0], "");
		send_empty(alone[i][0], pipe_fds[0]);
	}
	unix_bind(named, "named");
	sender = unix_new(SOCK_DGRAM);
	unix_bind(sender, "sender");
	unix_say_to(sender, "named", "");
	unix_say_to(sender, "named", "last");
	close(pipe_fds[0]);

	scenario_checkpoint();
	for (int i = 0; i < 2; i++) {
		unix_hear(pairs[i][1], "");
		unix_receive_fds(pairs[i][1], "", &received, 1);
		scenario_check_equal(read(received, &byte, 1), 1);
		scenario_check_equal(byte, 'a' + 2 * i);
		unix_hear(pairs[i][1], "between");
		unix_hear(pairs[i][1], "");
		unix_hear(pairs[i][1], "");
		unix_hear_nothing(pairs[i][1]);
		unix_receive_fds(alone[i][1], "", &received, 1);
		scenario_check_equal(read(received, &byte, 1), 1);
		scenario_check_equal(byte, 'b' + 2 * i);
		unix_hear_nothing(alone[i][1]);
		unix_check_connected(alone[i][0], alone[i][1]);
	}
	unix_hear_from(named, "sender", "");
	unix_hear_from(named, "sender", "last");
	unix_hear_nothing(named);
	scenario_pass();
}
