/* SPDX-License-Identifier: MIT */
/* Clients that nobody has accepted yet, and that have shut down what they can; one is bound, and the
 * listening socket does not wait. */
#include "unix_sockets.h"

int main(void)
{
	int listener = unix_listen(SOCK_STREAM | SOCK_NONBLOCK, "listener", 16);
	int clients[5], early = unix_client(SOCK_STREAM, "listener"), server = unix_accept(listener);

	for (int i = 0; i < 5; i++) {
		clients[i] = unix_new(SOCK_STREAM);
		if (i == 1)
			unix_bind(clients[i], "client");
		unix_connect(clients[i], "listener");
	}
	scenario_call(shutdown(clients[2], SHUT_RDWR));
	scenario_call(shutdown(clients[3], SHUT_WR));
	scenario_call(shutdown(clients[4], SHUT_RD));

	scenario_checkpoint();
	unix_check_connected(early, server);
	for (int i = 0; i < 5; i++) {
		int accepted = unix_accept(listener);

		unix_check_names(accepted, "listener", i == 1 ? "client" : "");
		if (i < 2)
			unix_check_connected(clients[i], accepted);
		if (i == 2 || i == 3)
			unix_hear_end(accepted);
		if (i == 2 || i == 4)
			scenario_check(send(accepted, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 &&
				       errno == EPIPE);
		if (i == 2 || i == 4)
			unix_hear_end(clients[i]);
		if (i == 3) {
			unix_say(accepted, "still");
			unix_hear(clients[i], "still");
		}
		if (i == 4) {
			unix_say(clients[i], "still");
			unix_hear(accepted, "still");
		}
	}
	scenario_check(accept(listener, NULL, NULL) < 0 && errno == EAGAIN);
	scenario_pass();
}
