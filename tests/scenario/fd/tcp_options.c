/* SPDX-License-Identifier: MIT */
/* network */
/* Options of closed and listening sockets; what is accepted later inherits them. */
#include <linux/filter.h>

#include "sockets.h"

static void set(int fd)
{
	const struct linger linger = {.l_onoff = 1, .l_linger = 9};

	sockets_set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	sockets_set(fd, SOL_SOCKET, SO_SNDBUF, 30000);
	sockets_set(fd, SOL_SOCKET, SO_RCVBUF, 40000);
	sockets_set(fd, SOL_SOCKET, SO_RCVLOWAT, 3);
	sockets_set(fd, SOL_SOCKET, SO_OOBINLINE, 1);
	scenario_call(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
	sockets_set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	sockets_set(fd, IPPROTO_TCP, TCP_MAXSEG, 900);
	sockets_set(fd, IPPROTO_TCP, TCP_KEEPIDLE, 100);
	sockets_set(fd, IPPROTO_TCP, TCP_KEEPINTVL, 20);
	sockets_set(fd, IPPROTO_TCP, TCP_KEEPCNT, 4);
	sockets_set(fd, IPPROTO_TCP, TCP_SYNCNT, 3);
	sockets_set(fd, IPPROTO_TCP, TCP_LINGER2, 17);
	sockets_set(fd, IPPROTO_TCP, TCP_WINDOW_CLAMP, 20000);
	sockets_set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 12345);
	sockets_set(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, 5555);
	sockets_set(fd, IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, 1);
	sockets_set(fd, IPPROTO_TCP, TCP_FASTOPEN, 5);
	sockets_set(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, 3);
	sockets_set(fd, IPPROTO_TCP, TCP_SAVE_SYN, 1);
	sockets_set(fd, IPPROTO_IP, IP_TOS, 0x10);
	scenario_call(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4));
	scenario_call(setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_KEY, "0123456789abcdef", 16));
}

int main(void)
{
	int closed = scenario_call(socket(AF_INET, SOCK_STREAM, 0));
	int listener = scenario_call(socket(AF_INET6, SOCK_STREAM, 0)), accepted, client;
	char name[16] = "";
	socklen_t size = sizeof(name);

	set(closed);
	set(listener);
	sockets_bind(listener, "::", 4001);
	scenario_call(listen(listener, 5));

	scenario_checkpoint();
	client = scenario_call(socket(AF_INET, SOCK_STREAM, 0));
	sockets_connect(client, "127.0.0.1", 4001);
	sockets_send(client, "data", 4); /* TCP_DEFER_ACCEPT */
	accepted = scenario_call(accept(listener, NULL, NULL));
	scenario_check_equal(sockets_get(accepted, SOL_SOCKET, SO_KEEPALIVE), 1);
	scenario_check_equal(sockets_get(accepted, IPPROTO_TCP, TCP_KEEPIDLE), 100);
	scenario_check_equal(sockets_get(accepted, IPPROTO_TCP, TCP_NODELAY), 1);
	scenario_check_equal(sockets_get(accepted, IPPROTO_TCP, TCP_USER_TIMEOUT), 12345);
	scenario_call(getsockopt(accepted, IPPROTO_TCP, TCP_CONGESTION, name, &size));
	scenario_check(strcmp(name, "reno") == 0);
	scenario_check_equal(sockets_get(closed, IPPROTO_TCP, TCP_MAXSEG), 900);
	sockets_receive(accepted, "data");
	scenario_pass();
}
