/* SPDX-License-Identifier: MIT */
/* network */
/* A socket that two processes share is one afterwards; each has others of its own. */
#include <sys/wait.h>

#include "sockets.h"

static void child(int shared)
{
	int own = sockets_bound(SOCK_DGRAM, "127.0.0.1", 4002);
	struct timeval timeout = {.tv_sec = 20};

	scenario_call(setsockopt(own, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)));
	sockets_send_to(own, "ready", "127.0.0.1", 4003);
	scenario_check_equal(recv(own, (char[8]){0}, 8, 0), 2); /* through the checkpoint */
	sockets_receive(shared, "second");
	scenario_check_equal(fcntl(shared, F_GETFL), O_RDWR | O_NONBLOCK);
	_exit(7);
}

int main(void)
{
	int shared = sockets_bound(SOCK_DGRAM, "127.0.0.1", 4001);
	int own = sockets_bound(SOCK_DGRAM, "127.0.0.1", 4003), status;
	pid_t pid = scenario_call(fork());

	if (pid == 0)
		child(shared);
	sockets_receive(own, "ready");
	sockets_send_to(own, "first", "127.0.0.1", 4001);
	sockets_send_to(own, "second", "127.0.0.1", 4001);

	scenario_checkpoint();
	sockets_receive(shared, "first");
	scenario_call(fcntl(shared, F_SETFL, O_RDWR | O_NONBLOCK));
	sockets_send_to(own, "go", "127.0.0.1", 4002);
	scenario_call(waitpid(pid, &status, 0));
	scenario_check_equal(status, 7 << 8);
	sockets_check_empty(shared);
	scenario_pass();
}
