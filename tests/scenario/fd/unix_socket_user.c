/* SPDX-License-Identifier: MIT */
/* The sockets of an unprivileged user, in folders that he may not write to any more, or not look into. */
/* user: 65534 */
#include "unix_sockets.h"

int main(void)
{
	int listener, datagram, client, server;

	scenario_call(mkdir("closed", 0700));
	scenario_call(mkdir("hidden", 0700));
	listener = unix_listen(SOCK_STREAM, "closed/listener", 3);
	client = unix_client(SOCK_STREAM, "closed/listener");
	server = unix_accept(listener);
	datagram = unix_new(SOCK_DGRAM);
	unix_bind(datagram, "hidden/datagram");
	scenario_call(chmod("closed/listener", 0));
	scenario_call(chmod("closed", 0500));
	scenario_call(chmod("hidden", 0));

	scenario_checkpoint();
	unix_check_connected(client, server);
	scenario_call(chmod("closed/listener", 0600));
	unix_check_serves(listener, SOCK_STREAM, "closed/listener");
	scenario_call(chmod("hidden", 0700));
	unix_say_to(unix_new(SOCK_DGRAM), "hidden/datagram", "found");
	unix_hear(datagram, "found");
	scenario_call(chmod("closed", 0700));
	scenario_pass();
}
