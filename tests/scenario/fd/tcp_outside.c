/* SPDX-License-Identifier: MIT */
/* network */
/* dump-options: --tcp-established */
/* restore-options: --tcp-established */
/* no-compare */
/* modes: kill twice */
/* The other ends of connections belong to a process that is not dumped, which sends and waits all the time
 * and sees nothing but a pause: it echoes until the end at the first one, and sends without being asked at
 * the second. */
#include "tcp_sockets.h"

#define STREAM_SIZE (8U << 20)

static void echo(int fd)
{
	char buffer[65536];
	ssize_t size;

	while ((size = recv(fd, buffer, sizeof(buffer), 0)) > 0)
		for (ssize_t done = 0; done < size;) {
			ssize_t sent = send(fd, buffer + done, (size_t)(size - done), MSG_NOSIGNAL);

			if (sent <= 0)
				_exit(1);
			done += sent;
		}
	_exit(size == 0 ? 0 : 1);
}

static void stream(int fd)
{
	static unsigned char piece[65536];

	for (size_t done = 0; done < STREAM_SIZE; done += sizeof(piece)) {
		scenario_fill(piece, sizeof(piece), done / sizeof(piece));
		for (size_t part = 0; part < sizeof(piece);) {
			ssize_t sent = send(fd, piece + part, sizeof(piece) - part, MSG_NOSIGNAL);

			if (sent <= 0)
				_exit(1);
			part += (size_t)sent;
		}
	}
	_exit(shutdown(fd, SHUT_WR) < 0);
}

static int connect_to(unsigned port)
{
	int fd = scenario_call(socket(AF_INET, SOCK_STREAM, 0));

	sockets_connect(fd, "127.0.0.1", port);
	return fd;
}

static void be_other_side(pid_t pid)
{
	(void)pid;
	/* The sockets of the program. */
	scenario_call(close_range(3, ~0U, 0));
	/* Bounded, whatever becomes of the program. */
	alarm(120);
	if (fork() == 0)
		echo(connect_to(4001));
	stream(connect_to(4002));
}

int main(void)
{
	int echo_listener = tcp_listen("127.0.0.1", 4001), stream_listener = tcp_listen("127.0.0.1", 4002);
	static unsigned char expected[65536], got[65536];
	int echo_fd, stream_fd;
	size_t sent, done = 0;

	scenario_start_helper(be_other_side);
	echo_fd = scenario_call(accept(echo_listener, NULL, NULL));
	stream_fd = scenario_call(accept(stream_listener, NULL, NULL));
	sent = tcp_fill(echo_fd, 77);

	scenario_checkpoint();
	tcp_check_filled(echo_fd, 77, sent);
	scenario_call(shutdown(echo_fd, SHUT_WR));
	tcp_check_end(echo_fd);
	while (done < STREAM_SIZE) {
		size_t at = done % sizeof(expected);
		struct pollfd waiting = {.fd = stream_fd, .events = POLLIN};
		ssize_t size;

		scenario_fill(expected, sizeof(expected), done / sizeof(expected));
		scenario_check_equal(poll(&waiting, 1, 20000), 1);
		size = scenario_call(recv(stream_fd, got, sizeof(got) - at, 0));
		scenario_check(size > 0);
		scenario_check(memcmp(got, expected + at, (size_t)size) == 0);
		done += (size_t)size;
	}
	tcp_check_end(stream_fd);
	scenario_pass();
}
