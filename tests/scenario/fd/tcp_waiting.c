/* SPDX-License-Identifier: MIT */
/* network */
/* dump-options: --tcp-established */
/* restore-options: --tcp-established */
/* Connections that nobody has accepted yet wait after a restore in the same order, with what was sent, and
 * its end; options of the socket that listens are those of who is accepted. */
#include "tcp_sockets.h"

static int connected(int listener, const char *host)
{
	int fd = scenario_call(socket(strchr(host, ':') ? AF_INET6 : AF_INET, SOCK_STREAM, 0));

	sockets_connect(fd, host, sockets_port(listener));
	return fd;
}

/* The next one is that of CLIENT. */
static struct tcp_pair accepted(int listener, int client)
{
	struct tcp_pair pair = {.client = client, .server = scenario_call(accept(listener, NULL, NULL))};
	union socket_address own = sockets_own(client), peer = sockets_peer(pair.server);

	scenario_check(sockets_is_same(&own, &peer));
	own = sockets_own(pair.server);
	peer = sockets_peer(client);
	scenario_check(sockets_is_same(&own, &peer));
	return pair;
}

static const struct {
	int level, number, value;
} options[] = {
	{SOL_SOCKET, SO_KEEPALIVE, 1},          {SOL_SOCKET, SO_OOBINLINE, 1},
	{SOL_SOCKET, SO_RCVLOWAT, 2},           {SOL_SOCKET, SO_TIMESTAMP, 1},
	{IPPROTO_TCP, TCP_NODELAY, 1},          {IPPROTO_TCP, TCP_KEEPIDLE, 77},
	{IPPROTO_TCP, TCP_KEEPINTVL, 7},        {IPPROTO_TCP, TCP_KEEPCNT, 3},
	{IPPROTO_TCP, TCP_LINGER2, 9},          {IPPROTO_TCP, TCP_SYNCNT, 4},
	{IPPROTO_TCP, TCP_USER_TIMEOUT, 60000}, {IPPROTO_TCP, TCP_NOTSENT_LOWAT, 5000},
};
static const struct timeval timeout = {.tv_sec = 50};
static const struct linger linger = {.l_onoff = 1, .l_linger = 3};

/* All that is inherited. */
static void set_options(int fd)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		sockets_set(fd, options[i].level, options[i].number, options[i].value);
	scenario_call(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)));
	scenario_call(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)));
	scenario_call(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
}

static void check_options(int fd)
{
	struct timeval time;
	struct linger how;
	socklen_t size = sizeof(time);

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		scenario_check_equal(sockets_get(fd, options[i].level, options[i].number), options[i].value);
	scenario_call(getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, &size));
	scenario_check_equal(time.tv_sec, timeout.tv_sec);
	size = sizeof(how);
	scenario_call(getsockopt(fd, SOL_SOCKET, SO_LINGER, &how, &size));
	scenario_check_equal(how.l_linger, linger.l_linger);
}

int main(void)
{
	int v4 = tcp_listen("127.0.0.1", 4001), v6 = tcp_listen("::1", 4002),
	    any = tcp_listen("0.0.0.0", 4003);
	int silent, sent, ended, mute, gone, full, last, six, deferred, port;
	int only6 = scenario_call(socket(AF_INET6, SOCK_STREAM, 0));
	struct tcp_pair pair;
	unsigned gone_port;
	size_t total;

	/* It has the same port, but takes none of those. */
	sockets_set(only6, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	sockets_bind(only6, "::", 4001);
	scenario_call(listen(only6, 5));
	pair = tcp_connect(v4, "127.0.0.1");
	silent = connected(v4, "127.0.0.1");
	sent = connected(v4, "127.0.0.1");
	sockets_send(sent, "first", 5);
	sockets_send(sent, ", second", 8);
	ended = connected(v4, "127.0.0.1");
	sockets_send(ended, "all", 3);
	scenario_call(shutdown(ended, SHUT_WR));
	mute = connected(v4, "127.0.0.1");
	scenario_call(shutdown(mute, SHUT_WR));
	gone = connected(v4, "127.0.0.1");
	gone_port = sockets_port(gone);
	sockets_send(gone, "gone", 4);
	close(gone);
	close(connected(v4, "127.0.0.1"));
	full = connected(v4, "127.0.0.1");
	/* Else the kernel goes on changing it. */
	sockets_set(full, SOL_SOCKET, SO_SNDBUF, 65536);
	total = tcp_fill(full, 7);
	last = connected(v4, "127.0.0.1");
	sockets_set(last, IPPROTO_TCP, TCP_NODELAY, 1);
	port = (int)sockets_port(last);
	six = connected(v6, "::1");
	sockets_send(six, "six", 3);
	set_options(any);
	sockets_set(any, IPPROTO_TCP, TCP_DEFER_ACCEPT, 60);
	deferred = connected(any, "127.0.0.7");
	sockets_send(deferred, "now", 3);
	tcp_await_state(ended, TCP_FIN_WAIT2);
	tcp_await_state(mute, TCP_FIN_WAIT2);
	/* There was room for more. */
	scenario_call(listen(v4, 2));

	scenario_checkpoint();
	tcp_check_alive(pair);
	scenario_check_equal(sockets_get(any, IPPROTO_TCP, TCP_DEFER_ACCEPT) > 0, 1);
	tcp_check_alive(accepted(v4, silent));
	pair = accepted(v4, sent);
	sockets_receive(pair.server, "first, second");
	tcp_check_alive(pair);
	pair = accepted(v4, ended);
	sockets_receive(pair.server, "all");
	tcp_check_end(pair.server);
	sockets_send(pair.server, "answer", 6);
	sockets_receive(ended, "answer");
	close(pair.server);
	tcp_check_end(ended);
	pair = accepted(v4, mute);
	tcp_check_end(pair.server);
	gone = scenario_call(accept(v4, NULL, NULL));
	{
		union socket_address peer = sockets_peer(gone);

		scenario_check_equal(ntohs(peer.in.sin_port), gone_port);
	}
	sockets_receive(gone, "gone");
	tcp_check_end(gone);
	gone = scenario_call(accept(v4, NULL, NULL));
	tcp_check_end(gone);
	pair = accepted(v4, full);
	tcp_check_filled(pair.server, 7, total);
	tcp_check_alive(pair);
	scenario_check_equal(sockets_port(last), (unsigned)port);
	scenario_check_equal(sockets_get(last, IPPROTO_TCP, TCP_NODELAY), 1);
	scenario_check_equal(sockets_get(last, SOL_SOCKET, SO_REUSEADDR), 0);
	tcp_check_alive(accepted(v4, last));
	pair = accepted(v6, six);
	sockets_receive(pair.server, "six");
	tcp_check_alive(pair);
	pair = accepted(any, deferred);
	sockets_receive(pair.server, "now");
	check_options(pair.server);
	tcp_check_alive(pair);
	scenario_check_equal(sockets_poll(v4) | sockets_poll(v6) | sockets_poll(any), 0);
	/* And new ones come. */
	tcp_check_alive(tcp_connect(v4, "127.0.0.1"));
	scenario_pass();
}
