/* SPDX-License-Identifier: MIT */
/* network */
/* dump-options: --tcp-established --skip-in-flight */
/* restore-options: --tcp-established */
/* no-compare */
/* With --skip-in-flight a listening socket comes back without the connections that nobody has accepted; who
 * made them finds them cut off, and new ones come. */
#include "tcp_sockets.h"

int main(void)
{
	int listener = tcp_listen("127.0.0.1", 4001), made = scenario_call(socket(AF_INET, SOCK_STREAM, 0));
	struct tcp_pair accepted = tcp_connect(listener, "127.0.0.1");
	bool is_new;
	char byte;

	sockets_connect(made, "127.0.0.1", 4001);
	sockets_send(made, "hello", 5);

	scenario_checkpoint();
	scenario_check_equal(tcp_state(listener), TCP_LISTEN);
	tcp_check_alive(accepted);
	/* Where the program was not restored it is still there. */
	is_new = !(sockets_poll(listener) & POLLIN);
	if (is_new) {
		scenario_check_equal(
			send(made, "x", 1, MSG_NOSIGNAL) == 1 || errno == EPIPE || errno == ECONNRESET, 1);
		for (int i = 0; i < 2000 && tcp_state(made) != TCP_CLOSE; i++)
			usleep(10000);
		scenario_check_equal(tcp_state(made), TCP_CLOSE);
		scenario_check(recv(made, &byte, 1, 0) <= 0);
		tcp_check_alive(tcp_connect(listener, "127.0.0.1"));
	} else {
		int fd = scenario_call(accept(listener, NULL, NULL));

		sockets_receive(fd, "hello");
	}
	scenario_pass();
}
