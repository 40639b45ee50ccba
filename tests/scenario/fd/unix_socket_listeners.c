/* SPDX-License-Identifier: MIT */
/* Listening sockets of one name, of which all but the last have lost it, each with clients: some accepted,
 * some not yet. */
#include "unix_sockets.h"

#define COUNT 3

int main(void)
{
	int listeners[COUNT], waiting[COUNT], clients[COUNT], servers[COUNT];

	for (int i = 0; i < COUNT; i++) {
		(void)unlink("name");
		listeners[i] = unix_listen(SOCK_STREAM, "name", 5);
		clients[i] = unix_client(SOCK_STREAM, "name");
		servers[i] = unix_accept(listeners[i]);
		waiting[i] = unix_client(SOCK_STREAM, "name");
		unix_say(clients[i], "queued");
	}

	scenario_checkpoint();
	for (int i = 0; i < COUNT; i++) {
		int server = unix_accept(listeners[i]);

		unix_check_connected(waiting[i], server);
		unix_hear(servers[i], "queued");
		unix_check_connected(clients[i], servers[i]);
		unix_check_names(clients[i], "", "name");
		unix_check_names(servers[i], "name", "");
	}
	unix_check_serves(listeners[COUNT - 1], SOCK_STREAM, "name");
	scenario_pass();
}
