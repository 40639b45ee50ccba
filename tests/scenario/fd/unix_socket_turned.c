/* SPDX-License-Identifier: MIT */
/* Datagram sockets that were made as a pair and connected to others since, or to nobody. */
#include "unix_sockets.h"

int main(void)
{
	int one[2], two[2], three[2], server = unix_new(SOCK_DGRAM);

	unix_bind(server, "server");
	/* One end turns to another socket, and what it has not read is lost: the other is told, once. */
	scenario_call(socketpair(AF_UNIX, SOCK_DGRAM, 0, one));
	unix_say(one[1], "lost");
	unix_connect(one[0], "server");
	scenario_check_equal(unix_option(one[1], SO_ERROR), ECONNRESET);
	/* It has not been told here. */
	scenario_call(socketpair(AF_UNIX, SOCK_DGRAM, 0, two));
	unix_say(two[1], "lost");
	unix_connect(two[0], "server");
	/* To nobody. */
	scenario_call(socketpair(AF_UNIX, SOCK_DGRAM, 0, three));
	scenario_call(connect(three[0], &(struct sockaddr){.sa_family = AF_UNSPEC}, sizeof(sa_family_t)));
	unix_say(three[1], "to the mate");
	unix_say(one[0], "to the server");

	scenario_checkpoint();
	unix_check_names(one[0], "", "server");
	unix_check_names(one[1], "", "");
	scenario_check_equal(unix_option(one[1], SO_ERROR), 0);
	scenario_check_equal(unix_option(two[1], SO_ERROR), ECONNRESET);
	scenario_check_equal(unix_option(two[1], SO_ERROR), 0);
	unix_check_unconnected(three[0]);
	scenario_check_equal(unix_option(three[0], SO_ERROR), 0);
	scenario_check_equal(unix_option(three[1], SO_ERROR), 0);
	unix_hear(three[0], "to the mate");
	unix_hear(server, "to the server");
	unix_say(two[0], "too");
	unix_hear(server, "too");
	scenario_check(send(one[1], "x", 1, 0) < 0 && errno == EPERM);
	scenario_check_equal(unix_peer(one[0]).pid, getpid());
	scenario_check_equal(unix_peer(three[0]).pid, getpid());
	scenario_pass();
}
