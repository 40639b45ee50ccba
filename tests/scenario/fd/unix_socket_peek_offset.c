/* SPDX-License-Identifier: MIT */
/* Looks with SO_PEEK_OFF go on where they were, for all types, whatever else has looked meanwhile. */
#include "unix_sockets.h"

static void look(int fd, const char *text)
{
	char buffer[64];
	ssize_t size = recv(fd, buffer, 3, MSG_PEEK | MSG_DONTWAIT);

	scenario_check_equal(size, strlen(text));
	scenario_check(memcmp(buffer, text, (size_t)size) == 0);
}

int main(void)
{
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
	int pairs[3][2], without[2];

	for (int i = 0; i < 3; i++) {
		scenario_call(socketpair(AF_UNIX, types[i], 0, pairs[i]));
		unix_say(pairs[i][0], "abc");
		unix_say(pairs[i][0], "def");
		unix_say(pairs[i][0], "ghi");
		unix_set_option(pairs[i][1], SO_PEEK_OFF, 0);
		look(pairs[i][1], "abc");
	}
	scenario_call(socketpair(AF_UNIX, SOCK_DGRAM, 0, without));
	unix_say(without[0], "jkl");
	unix_say(without[0], "mno");
	look(without[1], "jkl");

	scenario_checkpoint();
	for (int i = 0; i < 3; i++) {
		scenario_check_equal(unix_option(pairs[i][1], SO_PEEK_OFF), 3);
		look(pairs[i][1], "def");
		look(pairs[i][1], "ghi");
		unix_hear(pairs[i][1], i == 0 ? "abcdefghi" : "abc");
	}
	look(without[1], "jkl");
	look(without[1], "jkl");
	unix_hear(without[1], "jkl");
	unix_hear(without[1], "mno");
	scenario_pass();
}
