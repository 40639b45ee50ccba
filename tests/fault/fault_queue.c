/* SPDX-License-Identifier: MIT */
/* Sockets with messages in their queues. */
#include "tests/fault/fault_queue.h"

#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAIRS 80
#define MESSAGES 5
#define PATIENCE_MS 5000

static int pairs[PAIRS][2];

/* Every third is a stream; every fourth looks from an offset of its own. */
static int type_of(int pair)
{
	return pair % 3 == 0 ? SOCK_STREAM : pair % 3 == 1 ? SOCK_DGRAM : SOCK_SEQPACKET;
}

static int offset_of(int pair)
{
	return pair % 4 == 0 ? 2 : -1;
}

const char *fault_queue_begin(void)
{
	for (int i = 0; i < PAIRS; i++) {
		int offset = offset_of(i);

		if (socketpair(AF_UNIX, type_of(i) | SOCK_CLOEXEC, 0, pairs[i]) < 0)
			return "socketpair";
		for (int k = 0; k < MESSAGES; k++)
			if (send(pairs[i][0], &(char[2]){'a', (char)('0' + k)}, 2, 0) != 2)
				return "send";
		if (offset >= 0 &&
		    setsockopt(pairs[i][1], SOL_SOCKET, SO_PEEK_OFF, &offset, sizeof(offset)) < 0)
			return "SO_PEEK_OFF";
	}
	return NULL;
}

static bool has_option(int fd, int number, int expected)
{
	int value = -2;
	socklen_t size = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, number, &value, &size) == 0 && value == expected;
}

static bool has_option_soon(int fd, int number, int expected)
{
	for (int i = 0; i < PATIENCE_MS; i++) {
		if (has_option(fd, number, expected))
			return true;
		usleep(1000);
	}
	return false;
}

const char *fault_queue_check(void)
{
	for (int i = 0; i < PAIRS; i++) {
		int fd = pairs[i][1];
		char text[2];

		if (!has_option_soon(fd, SO_PEEK_OFF, offset_of(i)))
			return "SO_PEEK_OFF is not as it was";
		if (!has_option_soon(fd, SO_PASSCRED, 0))
			return "SO_PASSCRED is not as it was";
		if (offset_of(i) >= 0)
			continue;
		if (recv(fd, text, 2, MSG_PEEK | MSG_DONTWAIT) != 2 || memcmp(text, "a0", 2) != 0)
			return "the first message is not as it was";
	}
	return NULL;
}
