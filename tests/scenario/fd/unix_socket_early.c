/* SPDX-License-Identifier: MIT */
/* What clients have sent before anybody accepted them comes through, in its order, once, with who sent it. */
/* needs: root cap_sys_admin */
#include "unix_sockets.h"

#define LARGE 3000

static char large[LARGE];

static void check(int type, int listener, const int clients[3], pid_t child)
{
	char buffer[2 * LARGE];
	int server = unix_accept(listener);

	unix_set_option(server, SO_PASSCRED, 1);
	unix_hear_as(server, "first", child, 1000, 2000);
	unix_hear_as(server, "second", getpid(), getuid(), getgid());
	unix_check_connected(clients[0], server);

	server = unix_accept(listener);
	unix_hear_nothing(server);
	unix_check_connected(clients[1], server);

	server = unix_accept(listener);
	scenario_check_equal(recv(server, buffer, sizeof(buffer), MSG_DONTWAIT),
			     type == SOCK_STREAM ? LARGE + 3 : LARGE);
	scenario_check(memcmp(buffer, large, LARGE) == 0);
	if (type == SOCK_SEQPACKET)
		unix_hear(server, "end");
	unix_hear_end(server);
	unix_say(server, "answer");
	unix_hear(clients[2], "answer");
}

static int make(int type, const char *name, int clients[3], pid_t *ret_child)
{
	int listener = unix_listen(type, name, 3);

	for (int i = 0; i < 3; i++)
		clients[i] = unix_client(type, name);
	*ret_child = unix_say_as(clients[0], "first", 1000, 2000);
	unix_say(clients[0], "second");
	scenario_check_equal(send(clients[2], large, LARGE, 0), LARGE);
	unix_say(clients[2], "end");
	scenario_call(shutdown(clients[2], SHUT_WR));
	return listener;
}

int main(void)
{
	int streams[3], packets[3], stream_listener, packet_listener;
	pid_t stream_child, packet_child;

	for (int i = 0; i < LARGE; i++)
		large[i] = (char)(i * 7 + i / 256);
	stream_listener = make(SOCK_STREAM, "streams", streams, &stream_child);
	packet_listener = make(SOCK_SEQPACKET, "@packets", packets, &packet_child);

	scenario_checkpoint();
	check(SOCK_STREAM, stream_listener, streams, stream_child);
	check(SOCK_SEQPACKET, packet_listener, packets, packet_child);
	scenario_pass();
}
