/* SPDX-License-Identifier: MIT */
/* Datagram sockets of which each is connected to one that is connected to another, made in any order; and one
 * that is shut down before it is connected to anything. */
#include "unix_sockets.h"

#define LENGTH 4

static int bound(const char *name)
{
	int fd = unix_new(SOCK_DGRAM);

	unix_bind(fd, name);
	return fd;
}

/* The I-th is connected to the next one; made from the last to the first if IS_BACKWARD. */
static void make_chain(int fds[LENGTH], const char *prefix, bool is_backward)
{
	char name[32];

	for (int i = 0; i < LENGTH; i++) {
		int at = is_backward ? LENGTH - 1 - i : i;

		snprintf(name, sizeof(name), "%s%d", prefix, at);
		fds[at] = bound(name);
	}
	for (int i = 0; i < LENGTH - 1; i++) {
		snprintf(name, sizeof(name), "%s%d", prefix, i + 1);
		unix_connect(fds[i], name);
		unix_say(fds[i], name);
	}
}

static void check_chain(const int fds[LENGTH], const char *prefix)
{
	char name[32];

	for (int i = 0; i < LENGTH - 1; i++) {
		snprintf(name, sizeof(name), "%s%d", prefix, i + 1);
		unix_hear(fds[i + 1], name);
		/* Who is connected to another takes of that one only. */
		if (i + 1 < LENGTH - 1) {
			scenario_check(send(fds[i], "x", 1, MSG_DONTWAIT) < 0 && errno == EPERM);
			continue;
		}
		unix_say(fds[i], "again");
		unix_hear(fds[i + 1], "again");
	}
}

int main(void)
{
	int forward[LENGTH], backward[LENGTH], pair[2], told[2], left[2],
		server = bound("server"), closed = bound("closed"), first[2], second[2], alone, stream;

	make_chain(forward, "forward", false);
	make_chain(backward, "@backward", true);
	/* The other end of a pair has a name, and turns to another. */
	scenario_call(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
	unix_bind(pair[0], "@turned");
	unix_connect(pair[0], "server");
	unix_say(pair[0], "to the server");
	/* The same with an error, of which nothing may go astray. */
	scenario_call(socketpair(AF_UNIX, SOCK_DGRAM, 0, told));
	unix_say(told[1], "lost");
	unix_bind(told[0], "told");
	unix_connect(told[0], "server");
	/* That one is closed since. */
	scenario_call(socketpair(AF_UNIX, SOCK_DGRAM, 0, left));
	unix_bind(left[0], "@left");
	unix_say(left[1], "lost");
	unix_connect(left[0], "closed");
	close(closed);
	/* Of two pairs, one end is connected to one of the other, and has a name itself. */
	scenario_call(socketpair(AF_UNIX, SOCK_DGRAM, 0, first));
	scenario_call(socketpair(AF_UNIX, SOCK_DGRAM, 0, second));
	unix_bind(first[0], "@first");
	unix_bind(second[0], "second");
	scenario_call(connect(second[0], &(struct sockaddr){.sa_family = AF_UNSPEC}, sizeof(sa_family_t)));
	unix_connect(first[0], "second");
	/* Nothing can wait in it. */
	alone = unix_new(SOCK_SEQPACKET);
	scenario_call(shutdown(alone, SHUT_RD));
	stream = unix_new(SOCK_STREAM);
	scenario_call(shutdown(stream, SHUT_RDWR));

	scenario_checkpoint();
	check_chain(forward, "forward");
	check_chain(backward, "@backward");
	unix_hear(server, "to the server");
	unix_check_names(pair[0], "@turned", "server");
	scenario_check(send(pair[1], "x", 1, MSG_DONTWAIT) < 0 && errno == EPERM);
	unix_hear_nothing(server);
	scenario_check_equal(unix_option(told[1], SO_ERROR), ECONNRESET);
	scenario_check(send(told[1], "x", 1, MSG_DONTWAIT) < 0 && errno == EPERM);
	unix_check_names(told[1], "", "told");
	scenario_check_equal(unix_option(left[1], SO_ERROR), ECONNRESET);
	unix_check_names(left[0], "@left", "closed");
	scenario_check(send(left[1], "x", 1, MSG_DONTWAIT) < 0 && errno == EPERM);
	scenario_check(send(left[0], "x", 1, MSG_DONTWAIT) < 0 && errno == ECONNREFUSED);
	unix_check_names(left[1], "", "@left");
	unix_check_names(first[1], "", "@first");
	unix_say(first[0], "to the second");
	unix_hear(second[0], "to the second");
	scenario_check(send(first[1], "x", 1, MSG_DONTWAIT) < 0 && errno == EPERM);
	scenario_check(recv(alone, pair, 1, MSG_DONTWAIT) < 0 && errno == ENOTCONN);
	scenario_check_equal(unix_poll(stream) & (POLLIN | POLLHUP), POLLIN | POLLHUP);
	scenario_pass();
}
