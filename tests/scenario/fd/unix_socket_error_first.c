/* SPDX-License-Identifier: MIT */
/* Messages that wait behind an error: the other end was closed with something unread. The error is told
 * first. */
/* needs: root cap_sys_admin */
#include "unix_sockets.h"

int main(void)
{
	int pair[2];

	scenario_call(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair));
	unix_say(pair[0], "first");
	unix_say(pair[0], "second");
	unix_say(pair[1], "unread");
	close(pair[0]);

	scenario_checkpoint();
	scenario_check_equal(unix_poll(pair[1]) & (POLLERR | POLLHUP), POLLERR | POLLHUP);
	scenario_check(recv(pair[1], &(char){0}, 1, MSG_DONTWAIT) < 0 && errno == ECONNRESET);
	unix_hear(pair[1], "first");
	unix_hear(pair[1], "second");
	unix_hear_end(pair[1]);
	scenario_pass();
}
