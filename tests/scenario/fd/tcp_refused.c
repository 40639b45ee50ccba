/* SPDX-License-Identifier: MIT */
/* network */
/* no-compare */
/* dump-options: --tcp-established */
/* restore-options: --tcp-established */
/* Sockets whose connection was refused, as the program has learned: they can be used again. The port that it
 * came from, which was given back and getsockname(2) still tells, is not theirs any more. */
#include "tcp_sockets.h"

#define COUNT 5

/* Whose port nobody has. */
static int refused(const char *host, int type)
{
	union socket_address address = sockets_address(host, 4009);
	int fd = scenario_call(socket(address.any.sa_family, type, 0)), r;

	r = connect(fd, &address.any, sockets_address_size(&address));
	scenario_check_equal(r, -1);
	if (errno == EINPROGRESS) {
		scenario_check_equal(poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, 5000), 1);
		scenario_check_equal(sockets_get(fd, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
	} else {
		scenario_check_equal(errno, ECONNREFUSED);
	}
	return fd;
}

int main(void)
{
	int fds[COUNT], listener, accepted;

	fds[0] = refused("127.0.0.1", SOCK_STREAM);
	fds[1] = refused("127.0.0.1", SOCK_STREAM | SOCK_NONBLOCK);
	/* To no address in particular means to this host. */
	fds[2] = refused("0.0.0.0", SOCK_STREAM | SOCK_NONBLOCK);
	fds[3] = refused("0.0.0.0", SOCK_STREAM);
	fds[4] = refused("::ffff:127.0.0.1", SOCK_STREAM | SOCK_NONBLOCK);

	scenario_checkpoint();
	for (int i = 0; i < COUNT; i++) {
		scenario_check_equal(tcp_state(fds[i]), TCP_CLOSE);
		scenario_check_equal(sockets_get(fds[i], SOL_SOCKET, SO_ERROR), 0);
	}
	/* Not of one that would be bound. */
	sockets_bind(fds[0], "127.0.0.1", 4010);
	listener = tcp_listen("0.0.0.0", 4009);
	for (int i = 0; i < COUNT; i++) {
		scenario_call(fcntl(fds[i], F_SETFL, 0));
		/* One that has not waited is told so once more. */
		if (i != 0 && i != 3)
			(void)!connect(fds[i], &(struct sockaddr){.sa_family = AF_UNSPEC},
				       sizeof(sa_family_t));
		sockets_connect(fds[i], i == 4 ? "::ffff:127.0.0.1" : "127.0.0.1", 4009);
		accepted = scenario_call(accept(listener, NULL, NULL));
		tcp_check_alive((struct tcp_pair){fds[i], accepted});
	}
	scenario_pass();
}
