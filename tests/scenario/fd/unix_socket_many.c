/* SPDX-License-Identifier: MIT */
/* A thousand connected pairs with something in each queue, and as many clients of one server. */
#include <sys/resource.h>

#include "unix_sockets.h"

#define PAIRS 500
#define CLIENTS 300

static int pairs[PAIRS][2], clients[CLIENTS], servers[CLIENTS];

int main(void)
{
	struct rlimit limit;
	char text[32];
	int listener;

	scenario_call(getrlimit(RLIMIT_NOFILE, &limit));
	if (limit.rlim_max < 2 * (PAIRS + CLIENTS) + 100)
		scenario_skip("not so many files can be open here");
	limit.rlim_cur = limit.rlim_max;
	scenario_call(setrlimit(RLIMIT_NOFILE, &limit));
	for (int i = 0; i < PAIRS; i++) {
		scenario_call(socketpair(AF_UNIX, i % 3 ? SOCK_STREAM : SOCK_DGRAM, 0, pairs[i]));
		snprintf(text, sizeof(text), "message %d", i);
		unix_say(pairs[i][0], text);
	}
	listener = unix_listen(SOCK_STREAM, "server", 10);
	for (int i = 0; i < CLIENTS; i++) {
		clients[i] = unix_client(SOCK_STREAM, "server");
		servers[i] = unix_accept(listener);
		snprintf(text, sizeof(text), "request %d", i);
		unix_say(clients[i], text);
	}

	scenario_checkpoint();
	for (int i = 0; i < PAIRS; i++) {
		snprintf(text, sizeof(text), "message %d", i);
		unix_hear(pairs[i][1], text);
		unix_check_connected(pairs[i][0], pairs[i][1]);
	}
	for (int i = 0; i < CLIENTS; i++) {
		snprintf(text, sizeof(text), "request %d", i);
		unix_hear(servers[i], text);
		unix_check_connected(clients[i], servers[i]);
	}
	unix_check_serves(listener, SOCK_STREAM, "server");
	scenario_pass();
}
