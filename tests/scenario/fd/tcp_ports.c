/* SPDX-License-Identifier: MIT */
/* network */
/* dump-options: --tcp-established */
/* restore-options: --tcp-established */
/* The ports of connections are as free for others as before: one that connect(2) has chosen for who connects
 * elsewhere, one that was bound for nobody, one of a server that goes by SO_REUSEADDR for the next. */
#include "tcp_sockets.h"

#define RANGE 51 /* IP_LOCAL_PORT_RANGE, newer than the headers that this may be built with */
#define CHOSEN 45001
#define BOUND 45002
#define SERVED 45003
#define KEPT 45004

/* Connects from one port, and no other. 0, or an errno. */
static int try_connect(unsigned from, const char *host, unsigned port, int *ret_fd)
{
	union socket_address address = sockets_address(host, port);
	int fd = scenario_call(socket(strchr(host, ':') ? AF_INET6 : AF_INET, SOCK_STREAM, 0));
	uint32_t range = from << 16 | from;

	scenario_call(setsockopt(fd, IPPROTO_IP, RANGE, &range, sizeof(range)));
	*ret_fd = fd;
	return connect(fd, &address.any, strchr(host, ':') ? sizeof(address.in6) : sizeof(address.in)) < 0
		       ? errno
		       : 0;
}

static int connect_from(unsigned from, const char *host, unsigned port)
{
	int fd, error = try_connect(from, host, port, &fd);

	scenario_check_equal(error, 0);
	scenario_check_equal(sockets_port(fd), from);
	return fd;
}

static int try_bind(unsigned port, bool is_reusing)
{
	union socket_address address = sockets_address("127.0.0.1", port);
	int fd = scenario_call(socket(AF_INET, SOCK_STREAM, 0)), error;

	sockets_set(fd, SOL_SOCKET, SO_REUSEADDR, is_reusing);
	error = bind(fd, &address.any, sizeof(address.in)) < 0 ? errno : 0;
	close(fd);
	return error;
}

static void check_ports(void)
{
	int fd;

	scenario_check_equal(try_connect(BOUND, "127.0.0.1", 4002, &fd), EADDRNOTAVAIL);
	close(fd);
	scenario_check_equal(try_bind(CHOSEN, true), EADDRINUSE);
	scenario_check_equal(try_bind(BOUND, true), EADDRINUSE);
	scenario_check_equal(try_bind(SERVED, false), EADDRINUSE);
	scenario_check_equal(try_bind(SERVED, true), 0);
	scenario_check_equal(try_bind(KEPT, true), EADDRINUSE);
}

int main(void)
{
	int one = tcp_listen("127.0.0.1", 4001), other = tcp_listen("127.0.0.1", 4002),
	    six = tcp_listen("::1", 4003);
	int served = tcp_listen("127.0.0.1", SERVED), kept;
	struct tcp_pair chosen, chosen6, bound, from_served, from_kept;

	chosen.client = connect_from(CHOSEN, "127.0.0.1", 4001);
	chosen.server = scenario_call(accept(one, NULL, NULL));
	chosen6.client = connect_from(CHOSEN, "::1", 4003);
	chosen6.server = scenario_call(accept(six, NULL, NULL));
	bound.client = scenario_call(socket(AF_INET, SOCK_STREAM, 0));
	sockets_bind(bound.client, "127.0.0.1", BOUND);
	sockets_connect(bound.client, "127.0.0.1", 4001);
	bound.server = scenario_call(accept(one, NULL, NULL));
	from_served = tcp_connect(served, "127.0.0.1");
	close(served);
	kept = scenario_call(socket(AF_INET, SOCK_STREAM, 0));
	sockets_bind(kept, "127.0.0.1", KEPT);
	scenario_call(listen(kept, 5));
	from_kept = tcp_connect(kept, "127.0.0.1");
	close(kept);
	check_ports();

	scenario_checkpoint();
	check_ports();
	tcp_check_alive(chosen);
	tcp_check_alive(chosen6);
	tcp_check_alive(bound);
	tcp_check_alive(from_served);
	tcp_check_alive(from_kept);
	{
		struct tcp_pair more = {.client = connect_from(CHOSEN, "127.0.0.1", 4002)};

		more.server = scenario_call(accept(other, NULL, NULL));
		tcp_check_alive(more);
	}
	scenario_pass();
}
