/* SPDX-License-Identifier: MIT */
/* network */
/* Listening sockets take connections as before: addresses, families, backlog, groups that share a port. */
#include "sockets.h"

static int listening(const char *host, unsigned port, int backlog)
{
	int fd = scenario_call(socket(strchr(host, ':') ? AF_INET6 : AF_INET, SOCK_STREAM, 0));

	sockets_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	sockets_bind(fd, host, port);
	scenario_call(listen(fd, backlog));
	return fd;
}

static int client(const char *host, unsigned port)
{
	int fd = scenario_call(socket(strchr(host, ':') ? AF_INET6 : AF_INET, SOCK_STREAM, 0));

	sockets_connect(fd, host, port);
	return fd;
}

static void check_connection(int listener, const char *host, unsigned port)
{
	int from = client(host, port), to;

	to = scenario_call(accept(listener, NULL, NULL));
	sockets_send(from, "question", 8);
	sockets_receive(to, "question");
	sockets_send(to, "answer", 6);
	sockets_receive(from, "answer");
	close(from);
	close(to);
}

/* Connections are taken until there are more waiting than BACKLOG. */
static void check_backlog(int listener, const char *host, unsigned port, int backlog)
{
	int fds[8];

	for (int i = 0; i <= backlog; i++)
		fds[i] = client(host, port);
	fds[backlog + 1] = scenario_call(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
	{
		union socket_address address = sockets_address(host, port);

		scenario_check_equal(connect(fds[backlog + 1], &address.any, sizeof(address.in)), -1);
		scenario_check_equal(errno, EINPROGRESS);
	}
	scenario_check_equal(poll(&(struct pollfd){.fd = fds[backlog + 1], .events = POLLOUT}, 1, 100), 0);
	for (int i = 0; i <= backlog; i++)
		close(scenario_call(accept(listener, NULL, NULL)));
	for (int i = 0; i <= backlog + 1; i++)
		close(fds[i]);
}

int main(void)
{
	int any = listening("0.0.0.0", 4001, 128), local = listening("127.0.0.5", 4002, 3);
	int any6 = listening("::", 4003, 5), local6 = listening("::1", 4002, 1);
	int only6 = scenario_call(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
	int beside = listening("0.0.0.0", 4004, 5);
	int nonblocking = scenario_call(dup(local));
	int shut = sockets_bound(SOCK_STREAM, "127.0.0.1", 4005);

	/* It says that it is not connected, and can listen all the same. */
	scenario_check_equal(shutdown(shut, SHUT_RDWR), -1);
	scenario_check_equal(errno, ENOTCONN);
	scenario_call(listen(shut, 5));
	sockets_set(only6, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	sockets_bind(only6, "::", 4004);
	scenario_call(listen(only6, 7));
	scenario_call(fcntl(nonblocking, F_SETFL, O_RDWR | O_NONBLOCK));

	scenario_checkpoint();
	scenario_check_equal(sockets_poll(any), 0);
	scenario_check_equal(accept(nonblocking, NULL, NULL), -1);
	scenario_check_equal(errno, EAGAIN);
	scenario_check_equal(sockets_get(any, SOL_SOCKET, SO_ACCEPTCONN), 1);
	scenario_call(fcntl(nonblocking, F_SETFL, O_RDWR));
	check_connection(any, "127.0.0.9", 4001);
	check_connection(local, "127.0.0.5", 4002);
	check_connection(any6, "::1", 4003);
	check_connection(any6, "127.0.0.1", 4003);
	check_connection(local6, "::1", 4002);
	check_connection(only6, "::1", 4004);
	check_connection(beside, "127.0.0.1", 4004);
	scenario_check_equal(sockets_get(shut, SOL_SOCKET, SO_ACCEPTCONN), 1);
	close(client("127.0.0.1", 4005));
	close(scenario_call(accept(shut, NULL, NULL)));
	check_backlog(local, "127.0.0.5", 4002, 3);
	/* Nobody listens beside them. */
	scenario_check_equal(connect(scenario_call(socket(AF_INET, SOCK_STREAM, 0)),
				     &(union socket_address[]){sockets_address("127.0.0.6", 4002)}[0].any,
				     sizeof(struct sockaddr_in)),
			     -1);
	scenario_check_equal(errno, ECONNREFUSED);
	scenario_pass();
}
