/* SPDX-License-Identifier: MIT */
/* network */
/* dump-options: --tcp-established */
/* restore-options: --tcp-established */
/* needs: /usr/sbin/nft */
/* no-compare */
/* not: restore-twice */
/* A packet filter of the host that lets nothing to a port does not stop a restore of what is half closed
 * there. */
#include "tcp_sockets.h"

static void run(const char *command)
{
	scenario_check_equal(system(command), 0);
}

int main(void)
{
	int listener = tcp_listen("127.0.0.1", 4001);
	struct tcp_pair last = tcp_connect(listener, "127.0.0.1"), half = tcp_connect(listener, "127.0.0.1");
	struct tcp_pair ended = tcp_connect(listener, "127.0.0.1");
	char byte;

	scenario_call(shutdown(half.client, SHUT_WR));
	tcp_await_state(half.server, TCP_CLOSE_WAIT);
	scenario_call(shutdown(ended.client, SHUT_WR));
	scenario_call(shutdown(ended.server, SHUT_WR));
	tcp_await_state(ended.server, TCP_CLOSE);
	scenario_call(shutdown(last.client, SHUT_WR));
	tcp_await_state(last.server, TCP_CLOSE_WAIT);
	run("nft 'add table inet filter; add chain inet filter in { type filter hook input priority 0; };"
	    " add rule inet filter in tcp dport 4001 drop'");
	scenario_call(shutdown(last.server, SHUT_WR));
	scenario_check_equal(tcp_state(last.server), TCP_LAST_ACK);
	tcp_await_state(last.client, TCP_CLOSE);

	scenario_checkpoint();
	run("nft delete table inet filter");
	/* Whom it tells its end once more, now that the filter is gone, has forgotten the connection, and may
	 * say so. */
	if (recv(last.server, &byte, 1, 0) != 0)
		scenario_check_equal(errno, ECONNRESET);
	tcp_check_end(last.client);
	scenario_check_equal(send(last.client, "x", 1, MSG_NOSIGNAL), -1);
	scenario_check_equal(send(last.server, "x", 1, MSG_NOSIGNAL), -1);
	tcp_check_end(half.server);
	sockets_send(half.server, "answer", 6);
	sockets_receive(half.client, "answer");
	tcp_check_end(ended.server);
	tcp_check_end(ended.client);
	scenario_check_equal(recv(ended.server, &byte, 1, 0), 0);
	scenario_pass();
}
