/* SPDX-License-Identifier: MIT */
/* Sockets whose other end was closed: what it had sent, then the end; an error that was not told yet; its
 * name. */
#include "unix_sockets.h"

static void pair(int type, int fds[2])
{
	scenario_call(socketpair(AF_UNIX, type, 0, fds));
}

static void check_broken(int fd)
{
	scenario_check(send(fd, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno == EPIPE);
}

int main(void)
{
	int ended[2], reset[2], packets[2], datagrams[2], named[2], turned[2], listener, client, server,
		server_gone;

	pair(SOCK_STREAM, ended);
	unix_say(ended[0], "the rest");
	close(ended[0]);
	/* It had not read all. */
	pair(SOCK_STREAM, reset);
	unix_say(reset[1], "unread");
	unix_say(reset[0], "read");
	close(reset[0]);
	pair(SOCK_SEQPACKET, packets);
	unix_say(packets[0], "a");
	unix_say(packets[0], "b");
	close(packets[0]);
	pair(SOCK_DGRAM, datagrams);
	unix_say(datagrams[0], "c");
	unix_say(datagrams[0], "d");
	close(datagrams[0]);
	named[0] = unix_new(SOCK_DGRAM);
	unix_bind(named[0], "named");
	named[1] = unix_client(SOCK_DGRAM, "named");
	close(named[0]);
	/* This one was told of it. */
	pair(SOCK_DGRAM, turned);
	unix_say(turned[1], "lost");
	scenario_call(connect(turned[0], &(struct sockaddr){.sa_family = AF_UNSPEC}, sizeof(sa_family_t)));
	close(turned[0]);

	listener = unix_listen(SOCK_STREAM, "server", 3);
	client = unix_client(SOCK_STREAM, "server");
	server = unix_accept(listener);
	server_gone = unix_client(SOCK_STREAM, "server");
	unix_say(client, "from the client");
	close(client);
	close(unix_accept(listener));

	scenario_checkpoint();
	scenario_check_equal(unix_poll(ended[1]), POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
	unix_hear(ended[1], "the rest");
	unix_hear_end(ended[1]);
	check_broken(ended[1]);
	unix_check_names(ended[1], "", "");

	scenario_check(unix_poll(reset[1]) & POLLERR);
	scenario_check_equal(unix_option(reset[1], SO_ERROR), ECONNRESET);
	scenario_check_equal(unix_option(reset[1], SO_ERROR), 0);
	unix_hear(reset[1], "read");
	unix_hear_end(reset[1]);
	check_broken(reset[1]);

	unix_hear(packets[1], "a");
	unix_hear(packets[1], "b");
	unix_hear_end(packets[1]);
	check_broken(packets[1]);

	unix_hear(datagrams[1], "c");
	unix_hear(datagrams[1], "d");
	unix_hear_nothing(datagrams[1]);
	scenario_check(send(datagrams[1], "x", 1, 0) < 0 && errno == ECONNREFUSED);
	scenario_check(send(datagrams[1], "x", 1, 0) < 0 && errno == ENOTCONN);

	unix_check_names(named[1], "", "named");
	scenario_check(send(named[1], "x", 1, 0) < 0 && errno == ECONNREFUSED);
	scenario_check_equal(unix_option(turned[1], SO_ERROR), ECONNRESET);

	unix_check_names(server, "server", "");
	unix_hear(server, "from the client");
	unix_hear_end(server);
	unix_check_names(server_gone, "", "server");
	unix_hear_end(server_gone);
	check_broken(server_gone);
	unix_check_serves(listener, SOCK_STREAM, "server");
	scenario_pass();
}
