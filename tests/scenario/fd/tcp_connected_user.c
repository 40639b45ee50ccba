/* SPDX-License-Identifier: MIT */
/* network */
/* user: 65534 */
/* dump-options: --tcp-established */
/* restore-options: --tcp-established */
/* Connections of a user without privileges. */
#include "tcp_sockets.h"

int main(void)
{
	int v4 = tcp_listen("127.0.0.1", 4001), v6 = tcp_listen("::1", 4002), any = tcp_listen("::", 4003);
	struct tcp_pair pairs[] = {
		tcp_connect(v4, "127.0.0.1"),  tcp_connect(v4, "127.0.0.1"),
		tcp_connect(v6, "::1"),        tcp_connect(any, "::1"),
		tcp_connect(any, "127.0.0.1"), tcp_connect(any, "::ffff:127.0.0.1"),
	};
	const size_t count = sizeof(pairs) / sizeof(pairs[0]);
	union socket_address own[12], peer[12];

	close(v6);
	for (size_t i = 0; i < count; i++) {
		int *fds = &pairs[i].client;

		for (size_t k = 0; k < 2; k++) {
			own[i * 2 + k] = sockets_own(fds[k]);
			peer[i * 2 + k] = sockets_peer(fds[k]);
		}
		sockets_send(pairs[i].client, "unread", 6);
	}

	scenario_checkpoint();
	for (size_t i = 0; i < count; i++) {
		int *fds = &pairs[i].client;

		for (size_t k = 0; k < 2; k++) {
			union socket_address now = sockets_own(fds[k]);

			scenario_check(sockets_is_same(&now, &own[i * 2 + k]));
			now = sockets_peer(fds[k]);
			scenario_check(sockets_is_same(&now, &peer[i * 2 + k]));
			scenario_check_equal(tcp_state(fds[k]), TCP_ESTABLISHED);
		}
		sockets_receive(pairs[i].server, "unread");
		tcp_check_alive(pairs[i]);
	}
	/* And new ones come. */
	tcp_check_alive(tcp_connect(v4, "127.0.0.1"));
	for (size_t i = 0; i < count; i++) {
		close(pairs[i].client);
		tcp_check_end(pairs[i].server);
	}
	scenario_pass();
}
