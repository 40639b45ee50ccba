/* SPDX-License-Identifier: MIT */
/* refusal_sender FD: leaves its descriptor FD in the queue of a socket, where nobody sees it, closes it, says
 * so, and sleeps. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	union {
		char data[CMSG_SPACE(sizeof(int))];
		struct cmsghdr header;
	} control = {0};
	struct iovec part = {.iov_base = (char *)"x", .iov_len = 1};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.data,
		.msg_controllen = sizeof(control.data),
	};
	int fd = argc > 1 ? atoi(argv[1]) : -1, sockets[2];

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) < 0 || sendmsg(sockets[0], &message, 0) < 0) {
		perror("refusal_sender");
		return EXIT_FAILURE;
	}
	close(fd);
	puts("sent");
	fflush(stdout);
	for (;;)
		pause();
}
