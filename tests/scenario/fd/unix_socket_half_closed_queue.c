/* SPDX-License-Identifier: MIT */
/* What a closed or silenced end has left behind is still there: bytes, messages, descriptors, with the right
 * end. */
#include "unix_sockets.h"

int main(void)
{
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
	int closed[3][2], silent[3][2], unread[3][2], received[2], pipe_fds[2], listener, client, gone;
	char byte;

	scenario_call(pipe(pipe_fds));
	scenario_check_equal(write(pipe_fds[1], "abcdef", 6), 6);
	for (int i = 0; i < 3; i++) {
		scenario_call(socketpair(AF_UNIX, types[i], 0, closed[i]));
		unix_say(closed[i][0], "first");
		unix_send_fds(closed[i][0], "with", &pipe_fds[0], 1);
		unix_send_fds(closed[i][0], "itself", &closed[i][1], 1);
		close(closed[i][0]);
		scenario_call(socketpair(AF_UNIX, types[i], 0, silent[i]));
		unix_say(silent[i][0], "last");
		scenario_call(shutdown(silent[i][0], SHUT_WR));
		unix_say(silent[i][1], "back");
		scenario_call(socketpair(AF_UNIX, types[i], 0, unread[i]));
		unix_say(unread[i][1], "never read");
		close(unread[i][0]);
	}
	listener = unix_listen(SOCK_STREAM, "listener", 3);
	client = unix_client(SOCK_STREAM, "listener");
	gone = unix_accept(listener);
	unix_say(gone, "bye");
	close(gone);
	close(pipe_fds[0]);

	scenario_checkpoint();
	for (int i = 0; i < 3; i++) {
		/* A stream has no borders but behind descriptors. */
		if (types[i] != SOCK_STREAM)
			unix_hear(closed[i][1], "first");
		unix_receive_fds(closed[i][1], types[i] == SOCK_STREAM ? "firstwith" : "with", received, 1);
		scenario_check_equal(read(received[0], &byte, 1), 1);
		unix_receive_fds(closed[i][1], "itself", &received[1], 1);
		if (types[i] == SOCK_DGRAM)
			unix_hear_nothing(received[1]);
		else
			unix_hear_end(received[1]);
		unix_hear(silent[i][1], "last");
		if (types[i] != SOCK_DGRAM)
			unix_hear_end(silent[i][1]);
		unix_hear(silent[i][0], "back");
		scenario_check(send(silent[i][0], "x", 1, MSG_NOSIGNAL) < 0 && errno == EPIPE);
		if (types[i] != SOCK_DGRAM) {
			scenario_check(recv(unread[i][1], &byte, 1, MSG_DONTWAIT) < 0 && errno == ECONNRESET);
			unix_hear_end(unread[i][1]);
		}
		scenario_check(send(unread[i][1], "x", 1, MSG_NOSIGNAL) < 0 &&
			       errno == (types[i] == SOCK_DGRAM ? ECONNREFUSED : EPIPE));
	}
	unix_hear(client, "bye");
	unix_hear_end(client);
	unix_check_serves(listener, SOCK_STREAM, "listener");
	scenario_pass();
}
