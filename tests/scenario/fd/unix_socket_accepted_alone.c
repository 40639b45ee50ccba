/* SPDX-License-Identifier: MIT */
/* Connections whose listening socket was closed keep its name, and another can have it. */
#include "unix_sockets.h"

static void make(const char *name, int *ret_client, int *ret_server)
{
	int listener = unix_listen(SOCK_STREAM, name, 5);

	*ret_client = unix_client(SOCK_STREAM, name);
	*ret_server = unix_accept(listener);
	scenario_call(close(listener));
}

static void check(const char *name, int client, int server)
{
	unix_check_names(client, "", name);
	unix_check_names(server, name, "");
	unix_check_connected(client, server);
}

int main(void)
{
	int client[4], server[4], listener;

	make("gone", &client[0], &server[0]);
	scenario_call(unlink("gone"));
	make("left", &client[1], &server[1]);
	make("@gone", &client[2], &server[2]);
	make("@again", &client[3], &server[3]);
	listener = unix_listen(SOCK_STREAM, "@again", 5);

	scenario_checkpoint();
	check("gone", client[0], server[0]);
	check("left", client[1], server[1]);
	check("@gone", client[2], server[2]);
	check("@again", client[3], server[3]);
	scenario_check(access("gone", F_OK) < 0 && errno == ENOENT);
	unix_check_serves(listener, SOCK_STREAM, "@again");
	/* Nobody has these names. */
	unix_bind(unix_new(SOCK_STREAM), "gone");
	unix_bind(unix_new(SOCK_STREAM), "@gone");
	scenario_pass();
}
