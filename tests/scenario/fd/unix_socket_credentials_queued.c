/* SPDX-License-Identifier: MIT */
/* Messages in a queue bring the credentials of who has sent them, and parts of a stream are not joined over
 * them. */
/* needs: root */
#include "unix_sockets.h"

int main(void)
{
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
	int pairs[3][2], plain[2];
	pid_t children[3][2];

	for (int i = 0; i < 3; i++) {
		scenario_call(socketpair(AF_UNIX, types[i], 0, pairs[i]));
		unix_say(pairs[i][0], "nobody asks yet");
		unix_set_option(pairs[i][1], SO_PASSCRED, 1);
		unix_say(pairs[i][0], "first");
		children[i][0] = unix_say_as(pairs[i][0], "second", 1000, 2000);
		children[i][1] = unix_say_as(pairs[i][0], "third", 3000, 4000);
		unix_say(pairs[i][0], "last");
	}
	scenario_call(socketpair(AF_UNIX, SOCK_STREAM, 0, plain));
	unix_say(plain[0], "asked for ");
	unix_say(plain[0], "too late");

	scenario_checkpoint();
	for (int i = 0; i < 3; i++) {
		scenario_check_equal(unix_option(pairs[i][1], SO_PASSCRED), 1);
		scenario_check_equal(unix_option(pairs[i][0], SO_PASSCRED), 0);
		unix_hear_as(pairs[i][1], "nobody asks yet", 0, 0, 0);
		unix_hear_as(pairs[i][1], "first", getpid(), 0, 0);
		unix_hear_as(pairs[i][1], "second", children[i][0], 1000, 2000);
		unix_hear_as(pairs[i][1], "third", children[i][1], 3000, 4000);
		unix_hear_as(pairs[i][1], "last", getpid(), 0, 0);
		unix_say(pairs[i][0], "new");
		unix_hear_as(pairs[i][1], "new", getpid(), 0, 0);
	}
	unix_set_option(plain[1], SO_PASSCRED, 1);
	unix_hear_as(plain[1], "asked for too late", 0, 0, 0);
	scenario_pass();
}
