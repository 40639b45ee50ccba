/* SPDX-License-Identifier: MIT */
/* Full queues come back with all that was in them, and can be written to when they have been read. */
#include "unix_sockets.h"

#define LIMIT 100000

/* Sends pieces of SIZE until no more go in; how many. */
static unsigned fill(int fd, size_t size)
{
	static char piece[LIMIT];
	unsigned count = 0;

	for (;; count++) {
		ssize_t sent;

		scenario_fill(piece, size, count);
		sent = send(fd, piece, size, MSG_DONTWAIT);
		if (sent < 0)
			break;
		scenario_check_equal(sent, size);
	}
	scenario_check_equal(errno, EAGAIN);
	return count;
}

static void drain(int fd, size_t size, unsigned count)
{
	static char piece[LIMIT];

	for (unsigned i = 0; i < count; i++) {
		size_t done = 0;

		while (done < size) {
			ssize_t got = scenario_call(recv(fd, piece + done, size - done, MSG_DONTWAIT));

			scenario_check(got > 0);
			done += (size_t)got;
		}
		scenario_check(scenario_is_filled(piece, size, i));
	}
	unix_hear_nothing(fd);
}

int main(void)
{
	static const struct {
		int type;
		size_t size;
	} kinds[] = {{SOCK_STREAM, 10},    {SOCK_STREAM, 3000},   {SOCK_DGRAM, 1},
		     {SOCK_DGRAM, 100000}, {SOCK_SEQPACKET, 700}, {SOCK_DGRAM, 5000}};
	int pairs[6][2], large[2];
	unsigned counts[6], large_count;

	for (int i = 0; i < 6; i++) {
		scenario_call(socketpair(AF_UNIX, kinds[i].type, 0, pairs[i]));
		counts[i] = fill(pairs[i][0], kinds[i].size);
	}
	scenario_call(socketpair(AF_UNIX, SOCK_DGRAM, 0, large));
	unix_set_option(large[0], SO_SNDBUF, 2000000);
	large_count = fill(large[0], 90000);
	/* What was sent before it was made smaller stays. */
	unix_set_option(large[0], SO_SNDBUF, 5000);

	scenario_checkpoint();
	for (int i = 0; i < 6; i++) {
		drain(pairs[i][1], kinds[i].size, counts[i]);
		scenario_check_equal(fill(pairs[i][0], kinds[i].size), counts[i]);
	}
	scenario_check_equal(unix_option(large[0], SO_SNDBUF), 10000);
	drain(large[1], 90000, large_count);
	scenario_pass();
}
