/* SPDX-License-Identifier: MIT */
/*
 * Calls that wait for room with a timeout, which a stop interrupts with EINTR, go on waiting while the
 * program is dumped. After a restore a full queue may take some more.
 */
/* modes: leave-running */
#include "interrupted_socket.h"

int main(void)
{
	struct wait waits[] = {
		{.name = "write", .number = SYS_write, .is_writing = true},
		{.name = "writev", .number = SYS_writev, .is_writing = true},
		{.name = "sendto", .number = SYS_sendto, .is_writing = true},
		{.name = "sendmsg", .number = SYS_sendmsg, .is_writing = true},
		{.name = "sendmmsg", .number = SYS_sendmmsg, .is_writing = true},
	};

	interrupted_socket_run(waits, sizeof(waits) / sizeof(waits[0]));
	scenario_pass();
}
