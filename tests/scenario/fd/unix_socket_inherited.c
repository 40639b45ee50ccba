/* SPDX-License-Identifier: MIT */
/* What connections have of the socket that listens: one that waits has it still, one that was accepted may
 * not. */
#include "unix_sockets.h"

int main(void)
{
	int listener = unix_new(SOCK_STREAM), client, server, accepted, accepted_client;

	unix_set_option(listener, SO_PASSCRED, 1);
	unix_bind(listener, "server");
	scenario_call(listen(listener, 3));
	accepted_client = unix_client(SOCK_STREAM, "server");
	accepted = unix_accept(listener);
	unix_set_option(accepted, SO_PASSCRED, 0);
	client = unix_client(SOCK_STREAM, "server");

	scenario_checkpoint();
	scenario_check_equal(unix_option(listener, SO_PASSCRED), 1);
	scenario_check_equal(unix_option(accepted, SO_PASSCRED), 0);
	unix_check_connected(accepted, accepted_client);
	server = unix_accept(listener);
	scenario_check_equal(unix_option(server, SO_PASSCRED), 1);
	unix_check_connected(client, server);
	scenario_pass();
}
