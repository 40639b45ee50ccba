/* SPDX-License-Identifier: MIT */
/* Datagram sockets that are connected to themselves, or to each other; streams whose two ends one process
 * has. */
#include "unix_sockets.h"

static int abstract_sender(void)
{
	int fd = unix_new(SOCK_DGRAM);

	unix_bind(fd, "@sender");
	return fd;
}

int main(void)
{
	int self = unix_new(SOCK_DGRAM), abstract = unix_new(SOCK_DGRAM), each[2], turned[2], listener,
	    client, server;
	static const char *const names[] = {"left", "right"};

	unix_bind(self, "self");
	unix_connect(self, "self");
	unix_say(self, "to me");
	unix_bind(abstract, "@self");
	unix_connect(abstract, "@self");
	unix_say(abstract, "to me");
	unix_say(abstract, "too");
	for (int i = 0; i < 2; i++) {
		each[i] = unix_new(SOCK_DGRAM);
		unix_bind(each[i], names[i]);
	}
	unix_say_to(abstract_sender(), "right", "early");
	for (int i = 0; i < 2; i++)
		unix_connect(each[i], names[!i]);
	unix_say(each[0], "late");
	/* Was connected, and is not any more. */
	scenario_call(socketpair(AF_UNIX, SOCK_DGRAM, 0, turned));
	scenario_call(
		connect(turned[0], &(struct sockaddr){.sa_family = AF_UNSPEC}, sizeof(struct sockaddr)));
	listener = unix_listen(SOCK_SEQPACKET, "listener", 1);
	client = unix_new(SOCK_SEQPACKET);
	unix_bind(client, "client");
	unix_connect(client, "listener");
	server = unix_accept(listener);
	close(listener);
	unlink("listener");

	scenario_checkpoint();
	unix_hear_from(self, "self", "to me");
	unix_say(self, "again");
	unix_hear(self, "again");
	unix_check_names(self, "self", "self");
	unix_hear_from(abstract, "@self", "to me");
	unix_hear(abstract, "too");
	unix_say(abstract, "again");
	unix_hear(abstract, "again");
	unix_hear_from(each[1], "@sender", "early");
	unix_hear_from(each[1], "left", "late");
	for (int i = 0; i < 2; i++)
		unix_check_names(each[i], names[i], names[!i]);
	unix_check_connected(each[0], each[1]);
	unix_check_unconnected(turned[0]);
	unix_check_names(server, "listener", "client");
	unix_check_names(client, "client", "listener");
	unix_check_connected(client, server);
	scenario_pass();
}
