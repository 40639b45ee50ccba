/* SPDX-License-Identifier: MIT */
/* Clients that nobody has accepted yet are accepted in their order. */
#include "unix_sockets.h"

static void check(int type, const char *name, int listener, const int clients[3])
{
	int server;

	for (int i = 0; i < 3; i++) {
		unix_check_names(clients[i], i == 2 ? "@own" : "", name);
		scenario_check_equal(unix_poll(clients[i]), POLLOUT);
	}
	for (int i = 0; i < 3; i++) {
		server = unix_accept(listener);
		unix_check_names(server, name, i == 2 ? "@own" : "");
		scenario_check_equal(unix_peer(server).pid, getpid());
		scenario_check_equal(unix_peer(server).uid, getuid());
		unix_check_connected(clients[i], server);
	}
	scenario_check_equal(unix_poll(listener), 0);
	unix_check_serves(listener, type, name);
}

static int make(int type, const char *name, int clients[3])
{
	int listener = unix_listen(type, name, 3);

	clients[0] = unix_client(type, name);
	clients[1] = unix_client(type, name);
	clients[2] = unix_new(type);
	unix_bind(clients[2], "@own");
	unix_connect(clients[2], name);
	return listener;
}

int main(void)
{
	int streams[3], packets[3], other, full;
	int stream_listener = make(SOCK_STREAM, "streams", streams);
	int packet_listener = make(SOCK_SEQPACKET, "@packets", packets);

	/* A backlog of 0 has room for one. */
	full = unix_listen(SOCK_STREAM, "full", 0);
	unix_client(SOCK_STREAM, "full");
	scenario_check_equal(unix_poll(stream_listener), POLLIN);

	scenario_checkpoint();
	scenario_check_equal(unix_poll(stream_listener), POLLIN);
	other = unix_new(SOCK_STREAM | SOCK_NONBLOCK);
	scenario_check(connect(other, (struct sockaddr *)&(struct sockaddr_un){AF_UNIX, "full"},
			       sizeof(struct sockaddr_un)) < 0 &&
		       errno == EAGAIN);
	unix_accept(full);
	unix_connect(other, "full");
	check(SOCK_STREAM, "streams", stream_listener, streams);
	check(SOCK_SEQPACKET, "@packets", packet_listener, packets);
	scenario_pass();
}
