/* SPDX-License-Identifier: MIT */
/* network */
/* no-compare */
/* dump-options: --tcp-established */
/* restore-options: --tcp-established */
/* Connections that one side has ended, or both have, in all states that last: FIN_WAIT1, FIN_WAIT2,
 * CLOSE_WAIT, CLOSING, LAST_ACK, with and without bytes that are still to come. */
#include "tcp_sockets.h"

int main(void)
{
	int listener = tcp_listen("127.0.0.1", 4001);
	struct tcp_pair idle = tcp_connect(listener, "127.0.0.1"),
			waiting = tcp_connect(listener, "127.0.0.1");
	struct tcp_pair full = tcp_connect(listener, "127.0.0.1"), both = tcp_connect(listener, "127.0.0.1");
	struct tcp_pair deaf = tcp_connect(listener, "127.0.0.1"), v6;
	size_t total, there, back;

	/* FIN_WAIT2 and CLOSE_WAIT. */
	scenario_call(shutdown(idle.client, SHUT_WR));
	sockets_send(waiting.client, "last words", 10);
	scenario_call(shutdown(waiting.client, SHUT_WR));
	tcp_await_state(waiting.client, TCP_FIN_WAIT2);
	/* FIN_WAIT1: no room at the other side. */
	total = tcp_fill(full.client, 1);
	scenario_call(shutdown(full.client, SHUT_WR));
	scenario_check_equal(tcp_state(full.client), TCP_FIN_WAIT1);
	/* The same at both sides. */
	there = tcp_fill(both.client, 1001);
	back = tcp_fill(both.server, 2001);
	scenario_call(shutdown(both.client, SHUT_WR));
	scenario_call(shutdown(both.server, SHUT_WR));
	/* One side does not listen any more, which the other does not know. */
	scenario_call(shutdown(deaf.client, SHUT_RD));
	close(listener);
	listener = tcp_listen("::1", 4001);
	v6 = tcp_connect(listener, "::1");
	scenario_call(shutdown(v6.server, SHUT_WR));
	tcp_await_state(v6.server, TCP_FIN_WAIT2);

	scenario_checkpoint();
	scenario_check_equal(tcp_state(idle.client), TCP_FIN_WAIT2);
	scenario_check_equal(tcp_state(idle.server), TCP_CLOSE_WAIT);
	tcp_check_end(idle.server);
	sockets_send(idle.server, "answer", 6);
	sockets_receive(idle.client, "answer");
	scenario_check_equal(send(idle.client, "x", 1, MSG_NOSIGNAL), -1);
	scenario_check_equal(errno, EPIPE);
	close(idle.server);
	tcp_check_end(idle.client);

	sockets_receive(waiting.server, "last words");
	tcp_check_end(waiting.server);
	scenario_call(shutdown(waiting.server, SHUT_WR));
	tcp_check_end(waiting.client);
	tcp_await_state(waiting.server, TCP_CLOSE);

	scenario_check_equal(tcp_state(full.client), TCP_FIN_WAIT1);
	scenario_check_equal(tcp_state(full.server), TCP_ESTABLISHED);
	tcp_check_filled(full.server, 1, total);
	tcp_check_end(full.server);
	tcp_await_state(full.client, TCP_FIN_WAIT2);
	sockets_send(full.server, "answer", 6);
	sockets_receive(full.client, "answer");

	tcp_check_filled(both.server, 1001, there);
	tcp_check_filled(both.client, 2001, back);
	tcp_check_end(both.server);
	tcp_check_end(both.client);

	tcp_check_end(deaf.client);
	sockets_send(deaf.client, "question", 8);
	sockets_receive(deaf.server, "question");

	scenario_check_equal(tcp_state(v6.server), TCP_FIN_WAIT2);
	tcp_check_end(v6.client);
	sockets_send(v6.client, "question", 8);
	sockets_receive(v6.server, "question");
	scenario_pass();
}
