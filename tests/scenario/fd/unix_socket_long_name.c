/* SPDX-License-Identifier: MIT */
/* Names of all lengths and bytes. */
#include "unix_sockets.h"

static int bind_bytes(int type, const void *name, size_t size)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = unix_new(type);

	memcpy(address.sun_path, name, size);
	scenario_call(bind(fd, (struct sockaddr *)&address,
			   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size)));
	return fd;
}

static void check_bytes(int fd, const void *name, size_t size)
{
	struct sockaddr_un address;
	socklen_t length = sizeof(address) + 1;
	char room[sizeof(address) + 1];

	scenario_call(getsockname(fd, (struct sockaddr *)(void *)room, &length));
	memcpy(&address, room, sizeof(address));
	scenario_check(length >= offsetof(struct sockaddr_un, sun_path) + size);
	scenario_check(memcmp(address.sun_path, name, size) == 0);
}

int main(void)
{
	char longest[108], abstract_longest[108], odd[] = "odd \n\t\x01\xff\xfe name",
						  zeros[9] = "\0a\0\0b\0\0\0";
	int fds[5];

	memset(longest, 'l', sizeof(longest));
	memset(abstract_longest, 'a', sizeof(abstract_longest));
	abstract_longest[0] = '\0';
	abstract_longest[50] = '\0';
	snprintf(&abstract_longest[51], 20, "%d", getpid());
	fds[0] = bind_bytes(SOCK_DGRAM, longest, sizeof(longest));
	fds[1] = bind_bytes(SOCK_DGRAM, abstract_longest, sizeof(abstract_longest));
	fds[2] = bind_bytes(SOCK_DGRAM, odd, sizeof(odd) - 1);
	fds[3] = bind_bytes(SOCK_DGRAM, zeros, 9);
	fds[4] = bind_bytes(SOCK_SEQPACKET, "\0", 1);

	scenario_checkpoint();
	check_bytes(fds[0], longest, sizeof(longest));
	check_bytes(fds[1], abstract_longest, sizeof(abstract_longest));
	check_bytes(fds[2], odd, sizeof(odd) - 1);
	check_bytes(fds[3], zeros, 9);
	check_bytes(fds[4], "\0", 1);
	scenario_pass();
}
