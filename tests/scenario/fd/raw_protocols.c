/* SPDX-License-Identifier: MIT */
/* network */
/* needs: root */
/* A raw socket of each protocol that there may be, of both families. */
#include "sockets.h"

#define PROTOCOLS 255

static void open_all(int family, int fds[PROTOCOLS + 1])
{
	for (int i = 1; i <= PROTOCOLS; i++)
		fds[i] = scenario_call(socket(family, SOCK_RAW, i));
}

static void check_all(const int fds[PROTOCOLS + 1])
{
	for (int i = 1; i <= PROTOCOLS; i++)
		scenario_check_equal(sockets_get(fds[i], SOL_SOCKET, SO_PROTOCOL), i);
}

int main(void)
{
	int fds[PROTOCOLS + 1], fds6[PROTOCOLS + 1];

	open_all(AF_INET, fds);
	open_all(AF_INET6, fds6);
	scenario_checkpoint();
	check_all(fds);
	check_all(fds6);
	scenario_pass();
}
