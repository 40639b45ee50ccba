/* SPDX-License-Identifier: MIT */
/* Connections by way of listening sockets: names at both ends, what was sent, and others can follow. */
#include "unix_sockets.h"

struct connection {
	int listener, client, server;
};

static struct connection make(int type, const char *name, const char *own_name)
{
	struct connection made = {.listener = unix_listen(type, name, 5), .client = unix_new(type)};

	if (own_name)
		unix_bind(made.client, own_name);
	unix_connect(made.client, name);
	made.server = unix_accept(made.listener);
	unix_say(made.client, "to the server");
	unix_say(made.server, "to the client");
	return made;
}

static void check(const struct connection *connection, int type, const char *name, const char *own_name)
{
	unix_check_names(connection->listener, name, NULL);
	unix_check_names(connection->server, name, own_name ? own_name : "");
	unix_check_names(connection->client, own_name ? own_name : "", name);
	unix_hear(connection->server, "to the server");
	unix_hear(connection->client, "to the client");
	unix_check_connected(connection->server, connection->client);
	scenario_check_equal(unix_option(connection->listener, SO_ACCEPTCONN), 1);
	scenario_check_equal(unix_option(connection->server, SO_ACCEPTCONN), 0);
	unix_check_serves(connection->listener, type, name);
}

int main(void)
{
	struct connection path = make(SOCK_STREAM, "server", NULL);
	struct connection bound = make(SOCK_SEQPACKET, "other", "client");
	struct connection abstract = make(SOCK_STREAM, "@server", "@client");
	int second = unix_client(SOCK_STREAM, "server"), second_server = unix_accept(path.listener);

	scenario_checkpoint();
	check(&path, SOCK_STREAM, "server", NULL);
	check(&bound, SOCK_SEQPACKET, "other", "client");
	check(&abstract, SOCK_STREAM, "@server", "@client");
	unix_check_connected(second, second_server);
	unix_hear_nothing(path.client);
	scenario_pass();
}
