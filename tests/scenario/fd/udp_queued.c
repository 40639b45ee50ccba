/* SPDX-License-Identifier: MIT */
/* network */
/* Datagrams that wait to be received keep their senders, borders and order, empty ones too. */
#include "sockets.h"

#define MANY 40
#define LARGEST 65507

static void check_many(int fd, const union socket_address *sender)
{
	for (unsigned i = 0; i < MANY; i++) {
		char text[32];

		snprintf(text, sizeof(text), "number %u", i);
		sockets_receive_from(fd, text, sender);
	}
}

int main(void)
{
	int server = sockets_bound(SOCK_DGRAM, "127.0.0.1", 4001);
	int any = sockets_bound(SOCK_DGRAM, "0.0.0.0", 4002);
	int large = sockets_bound(SOCK_DGRAM, "127.0.0.3", 4003);
	int one = sockets_bound(SOCK_DGRAM, "127.0.0.1", 5001);
	int other = sockets_bound(SOCK_DGRAM, "127.0.0.2", 5002);
	union socket_address one_address = sockets_own(one), other_address = sockets_own(other);
	static char sent[LARGEST], received[LARGEST + 1];

	sockets_send_to(one, "first", "127.0.0.1", 4001);
	sockets_send_to(other, "", "127.0.0.1", 4001);
	sockets_send_to(other, "", "127.0.0.1", 4001);
	sockets_send_to(other, "second", "127.0.0.1", 4001);
	sockets_send_to(one, "", "127.0.0.1", 4001);
	for (unsigned i = 0; i < MANY; i++) {
		char text[32];

		snprintf(text, sizeof(text), "number %u", i);
		sockets_send_to(other, text, "127.0.0.9", 4002);
	}
	scenario_fill(sent, sizeof(sent), 7);
	sockets_connect(one, "127.0.0.3", 4003);
	sockets_send(one, sent, sizeof(sent));

	scenario_checkpoint();
	scenario_check_equal(sockets_poll(server) & POLLIN, POLLIN);
	scenario_check_equal(sockets_poll(one) & POLLIN, 0);
	sockets_receive_from(server, "first", &one_address);
	sockets_receive_from(server, "", &other_address);
	sockets_receive_from(server, "", &other_address);
	sockets_receive_from(server, "second", &other_address);
	sockets_receive_from(server, "", &one_address);
	sockets_check_empty(server);
	check_many(any, &other_address);
	sockets_check_empty(any);
	scenario_check_equal(recv(large, received, sizeof(received), 0), LARGEST);
	scenario_check(scenario_is_filled(received, LARGEST, 7));
	sockets_check_empty(large);

	/* All of them go on. */
	sockets_send_to(other, "more", "127.0.0.1", 4001);
	sockets_receive_from(server, "more", &other_address);
	sockets_send(one, "again", 5);
	sockets_receive_from(large, "again", &one_address);
	scenario_pass();
}
