/* SPDX-License-Identifier: MIT */
/* network */
/* Datagrams that wait as one (UDP_GRO) come with the same borders. */
#include <netinet/udp.h>

#include "sockets.h"

#define SEGMENT 100
#define SIZE 950

/* Receives SIZE bytes in datagrams of SEGMENT each, however many come at once. */
static void receive_all(int fd)
{
	char sent[SIZE], received[SIZE];
	size_t have = 0;

	scenario_fill(sent, SIZE, 3);
	while (have < SIZE) {
		_Alignas(struct cmsghdr) char control[64];
		struct iovec room = {received + have, SIZE - have};
		struct msghdr message = {.msg_iov = &room,
					 .msg_iovlen = 1,
					 .msg_control = control,
					 .msg_controllen = sizeof(control)};
		ssize_t size = scenario_call(recvmsg(fd, &message, MSG_DONTWAIT));
		struct cmsghdr *told = CMSG_FIRSTHDR(&message);

		if (told)
			scenario_check_equal(*(int *)CMSG_DATA(told), SEGMENT);
		else
			scenario_check(size == SEGMENT || have + (size_t)size == SIZE);
		have += (size_t)size;
	}
	scenario_check(memcmp(sent, received, SIZE) == 0);
	sockets_check_empty(fd);
}

int main(void)
{
	int fd = sockets_bound(SOCK_DGRAM, "127.0.0.1", 4001);
	int client = sockets_bound(SOCK_DGRAM, "127.0.0.1", 0);
	char data[SIZE];

	sockets_set(fd, IPPROTO_UDP, 104 /* UDP_GRO */, 1);
	sockets_set(client, IPPROTO_UDP, 103 /* UDP_SEGMENT */, SEGMENT);
	sockets_connect(client, "127.0.0.1", 4001);
	scenario_fill(data, SIZE, 3);
	sockets_send(client, data, SIZE);

	scenario_checkpoint();
	receive_all(fd);
	sockets_send(client, data, SIZE);
	receive_all(fd);
	scenario_pass();
}
