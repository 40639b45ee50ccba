/* SPDX-License-Identifier: MIT */
/* network */
/* A program that looks at its datagrams from an offset on (SO_PEEK_OFF) goes on from there. */
#include "sockets.h"

static void peek(int fd, const char *text)
{
	char buffer[64];

	scenario_check_equal(recv(fd, buffer, sizeof(buffer), MSG_PEEK | MSG_DONTWAIT), strlen(text));
	scenario_check(memcmp(buffer, text, strlen(text)) == 0);
}

int main(void)
{
	int fd = sockets_bound(SOCK_DGRAM, "127.0.0.1", 4001);
	int client = sockets_bound(SOCK_DGRAM, "127.0.0.1", 0);

	sockets_set(fd, SOL_SOCKET, SO_PEEK_OFF, 0);
	sockets_send_to(client, "first", "127.0.0.1", 4001);
	sockets_send_to(client, "second", "127.0.0.1", 4001);
	sockets_send_to(client, "third", "127.0.0.1", 4001);
	peek(fd, "first");

	scenario_checkpoint();
	scenario_check_equal(sockets_get(fd, SOL_SOCKET, SO_PEEK_OFF), 5);
	peek(fd, "second");
	peek(fd, "third");
	sockets_receive(fd, "first");
	scenario_check_equal(sockets_get(fd, SOL_SOCKET, SO_PEEK_OFF), 11);
	sockets_receive(fd, "second");
	sockets_receive(fd, "third");
	sockets_check_empty(fd);
	scenario_pass();
}
