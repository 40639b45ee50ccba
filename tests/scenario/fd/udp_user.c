/* SPDX-License-Identifier: MIT */
/* network */
/* user: 65534 */
/* Sockets belong to their user, who may share a port with them later. */
#include <sys/stat.h>

#include "sockets.h"

int main(void)
{
	int fd = scenario_call(socket(AF_INET, SOCK_DGRAM, 0)), other;
	int client = sockets_bound(SOCK_DGRAM, "127.0.0.1", 0);
	struct stat st;

	sockets_set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	sockets_bind(fd, "127.0.0.1", 4001);
	sockets_send_to(client, "waiting", "127.0.0.1", 4001);

	scenario_checkpoint();
	scenario_call(fstat(fd, &st));
	scenario_check_equal(st.st_uid, 65534);
	scenario_check_equal(st.st_gid, 65534);
	sockets_receive(fd, "waiting");
	other = scenario_call(socket(AF_INET, SOCK_DGRAM, 0));
	sockets_set(other, SOL_SOCKET, SO_REUSEPORT, 1);
	sockets_bind(other, "127.0.0.1", 4001);
	scenario_pass();
}
