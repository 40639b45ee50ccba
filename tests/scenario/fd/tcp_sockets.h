/* SPDX-License-Identifier: MIT */
/* What the scenarios of TCP connections have in common. */
#pragma once

#include "sockets.h"

struct tcp_pair {
	int client, server;
};

static inline int tcp_listen(const char *host, unsigned port)
{
	int fd = scenario_call(socket(strchr(host, ':') ? AF_INET6 : AF_INET, SOCK_STREAM, 0));

	sockets_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	sockets_bind(fd, host, port);
	scenario_call(listen(fd, 100));
	return fd;
}

/* A connection to LISTENER by way of HOST. */
static inline struct tcp_pair tcp_connect(int listener, const char *host)
{
	struct tcp_pair pair;

	pair.client = scenario_call(socket(strchr(host, ':') ? AF_INET6 : AF_INET, SOCK_STREAM, 0));
	sockets_connect(pair.client, host, sockets_port(listener));
	pair.server = scenario_call(accept(listener, NULL, NULL));
	return pair;
}

static inline int tcp_state(int fd)
{
	struct tcp_info info = {0};
	socklen_t size = sizeof(info);

	scenario_call(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size));
	return info.tcpi_state;
}

/* The kernel changes states when packets have arrived. */
static inline void tcp_await_state(int fd, int state)
{
	for (int i = 0; i < 2000 && tcp_state(fd) != state; i++)
		usleep(1000);
	scenario_check_equal(tcp_state(fd), state);
}

/* Writes what follows from SEED until nothing more goes in; returns how many bytes. FD is non-blocking for
 * that. */
static inline size_t tcp_fill(int fd, uint64_t seed)
{
	static unsigned char piece[65536];
	size_t total = 0;

	for (;;) {
		ssize_t sent;

		scenario_fill(piece, sizeof(piece), seed + total / sizeof(piece));
		sent = send(fd, piece + total % sizeof(piece), sizeof(piece) - total % sizeof(piece),
			    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent < 0 && errno == EAGAIN)
			return total;
		total += (size_t)scenario_call(sent);
	}
}

/* The next TOTAL bytes are those of tcp_fill() with that seed. */
static inline void tcp_check_filled(int fd, uint64_t seed, size_t total)
{
	static unsigned char expected[65536], got[65536];

	for (size_t done = 0; done < total;) {
		size_t at = done % sizeof(expected);
		struct pollfd waiting = {.fd = fd, .events = POLLIN};
		ssize_t size;

		if (at == 0 || done == 0)
			scenario_fill(expected, sizeof(expected), seed + done / sizeof(expected));
		if (poll(&waiting, 1, 20000) != 1)
			scenario_fail("nothing more after %zu of %zu bytes", done, total);
		size = scenario_call(
			recv(fd, got, sizeof(got) - at < total - done ? sizeof(got) - at : total - done, 0));
		if (size == 0)
			scenario_fail("the end after %zu of %zu bytes", done, total);
		if (memcmp(got, expected + at, (size_t)size) != 0)
			scenario_fail("wrong bytes after %zu of %zu", done, total);
		done += (size_t)size;
	}
}

static inline void tcp_check_end(int fd)
{
	struct pollfd waiting = {.fd = fd, .events = POLLIN};
	char byte;

	scenario_check_equal(poll(&waiting, 1, 20000), 1);
	scenario_check_equal(recv(fd, &byte, 1, 0), 0);
}

/* Bytes go both ways. */
static inline void tcp_check_alive(struct tcp_pair pair)
{
	sockets_send(pair.client, "question", 8);
	sockets_receive(pair.server, "question");
	sockets_send(pair.server, "answer", 6);
	sockets_receive(pair.client, "answer");
}
