/* SPDX-License-Identifier: MIT */
/* network */
/* dump-options: --tcp-established */
/* restore-options: --tcp-established */
/* needs: /usr/sbin/nft */
/* no-compare */
/* not: restore-twice */
/* timeout: 60 */
/* Queues on a network that loses every twentieth packet, before and after the restore. */
#include "tcp_sockets.h"

int main(void)
{
	int listener = tcp_listen("127.0.0.1", 4001);
	struct tcp_pair pairs[4];
	size_t there[4], back[4];

	for (int i = 0; i < 4; i++)
		pairs[i] = tcp_connect(listener, "127.0.0.1");
	scenario_check_equal(
		system("nft 'add table inet loss; add chain inet loss in { type filter hook input "
		       "priority 0; }; add rule inet loss in tcp dport 4001-65535 numgen inc mod 20 == 0 "
		       "drop'"),
		0);
	for (int i = 0; i < 4; i++) {
		sockets_set(pairs[i].client, SOL_SOCKET, SO_SNDBUF, 60000);
		sockets_set(pairs[i].server, SOL_SOCKET, SO_SNDBUF, 60000);
		there[i] = tcp_fill(pairs[i].client, (uint64_t)i * 100);
		back[i] = tcp_fill(pairs[i].server, (uint64_t)i * 100 + 1000);
	}
	scenario_call(shutdown(pairs[3].client, SHUT_WR));

	scenario_checkpoint();
	for (int i = 0; i < 4; i++) {
		tcp_check_filled(pairs[i].server, (uint64_t)i * 100, there[i]);
		tcp_check_filled(pairs[i].client, (uint64_t)i * 100 + 1000, back[i]);
		if (i < 3)
			tcp_check_alive(pairs[i]);
	}
	tcp_check_end(pairs[3].server);
	scenario_check_equal(system("nft delete table inet loss"), 0);
	scenario_pass();
}
