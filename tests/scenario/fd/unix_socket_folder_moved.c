/* SPDX-License-Identifier: MIT */
/* Sockets that were bound by a relative name, whose process works in another folder now, or whose folder was
 * moved. */
#include "unix_sockets.h"

int main(void)
{
	int moved, elsewhere, listener, client, server;

	scenario_call(mkdir("before", 0700));
	scenario_call(mkdir("work", 0700));
	scenario_call(chdir("work"));
	elsewhere = unix_new(SOCK_DGRAM);
	unix_bind(elsewhere, "here");
	scenario_call(chdir("../before"));
	moved = unix_new(SOCK_DGRAM);
	unix_bind(moved, "moved");
	listener = unix_listen(SOCK_STREAM, "./listener", 3);
	client = unix_client(SOCK_STREAM, "listener");
	server = unix_accept(listener);
	scenario_call(chdir(".."));
	scenario_call(rename("before", "after"));

	scenario_checkpoint();
	unix_check_names(moved, "moved", NULL);
	unix_say_to(unix_new(SOCK_DGRAM), "after/moved", "found");
	unix_hear(moved, "found");
	unix_check_names(elsewhere, "here", NULL);
	unix_say_to(unix_new(SOCK_DGRAM), "work/here", "found");
	unix_hear(elsewhere, "found");
	unix_check_names(client, "", "./listener");
	unix_check_connected(client, server);
	unix_check_serves(listener, SOCK_STREAM, "after/listener");
	scenario_check(access("before", F_OK) < 0);
	scenario_pass();
}
