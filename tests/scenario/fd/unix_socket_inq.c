/* SPDX-License-Identifier: MIT */
/* SO_INQ, which can be set, but not asked for: each message tells how much waits behind it. */
/* needs: root cap_sys_admin */
#include "unix_sockets.h"

#define CR_SO_INQ 84

/* Whether it is told, with one byte taken. */
static bool tells(int fd)
{
	_Alignas(struct cmsghdr) char control[256];
	struct iovec part = {&(char){0}, 1};
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};

	scenario_check_equal(recvmsg(fd, &message, MSG_DONTWAIT), 1);
	for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header))
		if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == CR_SO_INQ)
			return true;
	return false;
}

int main(void)
{
	int pair[2], one = 1;

	scenario_call(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	if (setsockopt(pair[0], SOL_SOCKET, CR_SO_INQ, &one, sizeof(one)) < 0)
		scenario_skip("this kernel does not know SO_INQ");
	unix_say(pair[1], "early");
	unix_set_option(pair[0], SO_RCVLOWAT, 2);

	scenario_checkpoint();
	unix_say(pair[0], "back");
	scenario_check(tells(pair[0]));
	scenario_check(!tells(pair[1]));
	scenario_check_equal(unix_option(pair[0], SO_RCVLOWAT), 2);
	scenario_pass();
}
