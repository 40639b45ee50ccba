/* SPDX-License-Identifier: MIT */
/* What was shut down, in either direction, stays so, and what had been sent before can still be read. */
#include <signal.h>

#include "unix_sockets.h"

static void check_refused(int fd)
{
	scenario_check(send(fd, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno == EPIPE);
}

int main(void)
{
	int writing[2], reading[2], both[2], datagrams[2], alone, listener;

	scenario_call(socketpair(AF_UNIX, SOCK_STREAM, 0, writing));
	unix_say(writing[0], "last");
	scenario_call(shutdown(writing[0], SHUT_WR));
	scenario_call(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, reading));
	unix_say(reading[1], "first");
	scenario_call(shutdown(reading[0], SHUT_RD));
	scenario_call(socketpair(AF_UNIX, SOCK_STREAM, 0, both));
	scenario_call(shutdown(both[1], SHUT_RDWR));
	scenario_call(socketpair(AF_UNIX, SOCK_DGRAM, 0, datagrams));
	unix_say(datagrams[0], "one");
	scenario_call(shutdown(datagrams[0], SHUT_WR));
	alone = unix_new(SOCK_STREAM);
	scenario_call(shutdown(alone, SHUT_WR));
	listener = unix_listen(SOCK_STREAM, "listener", 1);
	scenario_call(shutdown(listener, SHUT_RD));

	scenario_checkpoint();
	scenario_check_equal(unix_poll(writing[1]), POLLIN | POLLOUT | POLLRDHUP);
	unix_hear(writing[1], "last");
	unix_hear_end(writing[1]);
	check_refused(writing[0]);
	unix_say(writing[1], "still");
	unix_hear(writing[0], "still");

	unix_hear(reading[0], "first");
	unix_hear_end(reading[0]);
	check_refused(reading[1]);
	unix_say(reading[0], "out");
	unix_hear(reading[1], "out");

	for (int i = 0; i < 2; i++) {
		unix_hear_end(both[i]);
		check_refused(both[i]);
		scenario_check(unix_poll(both[i]) & POLLHUP);
	}
	check_refused(datagrams[0]);
	unix_hear(datagrams[1], "one");
	unix_hear_nothing(datagrams[1]);
	unix_say(datagrams[1], "two");
	unix_hear(datagrams[0], "two");
	unix_check_unconnected(alone);
	scenario_check(connect(unix_new(SOCK_STREAM),
			       (struct sockaddr *)&(struct sockaddr_un){AF_UNIX, "listener"},
			       sizeof(struct sockaddr_un)) < 0 &&
		       errno == ECONNREFUSED);
	scenario_pass();
}
