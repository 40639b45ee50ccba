/* SPDX-License-Identifier: MIT */
/* Sockets that were bound and connected below a root of their own. */
/* needs: cap_sys_chroot */
#include "unix_sockets.h"

int main(void)
{
	int listener, datagrams, client, server, relative;

	scenario_call(mkdir("run", 0755));
	scenario_call(chroot("."));
	scenario_set_directory("/");
	scenario_call(chdir("/run"));
	listener = unix_listen(SOCK_STREAM, "/run/stream", 3);
	client = unix_client(SOCK_STREAM, "/run/stream");
	server = unix_accept(listener);
	datagrams = unix_new(SOCK_DGRAM);
	unix_bind(datagrams, "/datagrams");
	relative = unix_new(SOCK_DGRAM);
	unix_bind(relative, "relative");
	scenario_call(chdir("/"));

	scenario_checkpoint();
	unix_check_names(listener, "/run/stream", NULL);
	unix_check_names(server, "/run/stream", "");
	unix_check_connected(client, server);
	unix_check_serves(listener, SOCK_STREAM, "run/stream");
	unix_say_to(unix_new(SOCK_DGRAM), "/datagrams", "found");
	unix_hear(datagrams, "found");
	unix_check_names(relative, "relative", NULL);
	unix_say_to(unix_new(SOCK_DGRAM), "/run/relative", "found");
	unix_hear(relative, "found");
	scenario_pass();
}
