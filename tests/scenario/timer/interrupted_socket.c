/* SPDX-License-Identifier: MIT */
/* Calls that wait for a message with a timeout, which a stop interrupts with EINTR, go on waiting all the
 * same. */
/* not: stop */
#include "interrupted_socket.h"

int main(void)
{
	struct wait waits[] = {
		{.name = "read", .number = SYS_read},         {.name = "readv", .number = SYS_readv},
		{.name = "recvfrom", .number = SYS_recvfrom}, {.name = "recvmsg", .number = SYS_recvmsg},
		{.name = "recvmmsg", .number = SYS_recvmmsg},
	};

	interrupted_socket_run(waits, sizeof(waits) / sizeof(waits[0]));
	scenario_pass();
}
