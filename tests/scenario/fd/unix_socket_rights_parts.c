/* SPDX-License-Identifier: MIT */
/* Descriptors in a stream come with the part that they were sent with, and not with the bytes before it. */
#include "unix_sockets.h"

#define LONG 70000

/* Reads SIZE bytes, of which the last come with a descriptor if HAS_FD. */
static void hear_part(int fd, size_t size, bool has_fd)
{
	static char buffer[LONG];
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec room = {buffer, size};
	struct msghdr message = {
		.msg_iov = &room,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	scenario_check_equal(recvmsg(fd, &message, MSG_DONTWAIT | MSG_WAITALL), size);
	scenario_check_equal(message.msg_controllen > 0, has_fd);
	if (has_fd)
		close(*(int *)(void *)CMSG_DATA(&control.header));
}

int main(void)
{
	static char bytes[LONG];
	int one[2], two[2], urgent[2], offset[2];

	scenario_call(socketpair(AF_UNIX, SOCK_STREAM, 0, one));
	unix_say(one[0], "before");
	unix_send_fds(one[0], "with one", &one[0], 1);
	unix_say(one[0], "after");
	unix_say(one[0], "more");
	unix_send_fds(one[0], "x", &one[0], 1);
	unix_send_fds(one[0], "y", &one[0], 1);
	/* Many parts without, in all more than is looked at at once. */
	scenario_call(socketpair(AF_UNIX, SOCK_STREAM, 0, two));
	unix_set_option(two[0], SO_SNDBUF, 8 << 20);
	for (int i = 0; i < 6; i++) {
		scenario_fill(bytes, sizeof(bytes), (uint64_t)i);
		scenario_check_equal(send(two[0], bytes, sizeof(bytes), MSG_DONTWAIT), sizeof(bytes));
	}
	unix_send_fds(two[0], "with one", &one[0], 1);
	/* Behind an urgent byte, which comes first. */
	scenario_call(socketpair(AF_UNIX, SOCK_STREAM, 0, urgent));
	scenario_check_equal(send(urgent[0], "!", 1, MSG_OOB), 1);
	unix_say(urgent[0], "between");
	unix_send_fds(urgent[0], "with one", &one[0], 1);
	/* A look of the program's own has gone half the way. */
	scenario_call(socketpair(AF_UNIX, SOCK_STREAM, 0, offset));
	unix_set_option(offset[1], SO_PEEK_OFF, 3);
	unix_say(offset[0], "before");
	unix_send_fds(offset[0], "with one", &one[0], 1);

	scenario_checkpoint();
	hear_part(one[1], 6, false);
	hear_part(one[1], 8, true);
	hear_part(one[1], 9, false);
	hear_part(one[1], 1, true);
	hear_part(one[1], 1, true);
	for (int i = 0; i < 6; i++)
		hear_part(two[1], LONG, false);
	hear_part(two[1], 8, true);
	scenario_check_equal(recv(urgent[1], bytes, 1, MSG_OOB), 1);
	hear_part(urgent[1], 7, false);
	hear_part(urgent[1], 8, true);
	hear_part(offset[1], 6, false);
	hear_part(offset[1], 8, true);
	scenario_pass();
}
