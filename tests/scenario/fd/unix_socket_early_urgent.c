/* SPDX-License-Identifier: MIT */
/* An urgent byte (MSG_OOB) that was sent before anybody accepted the connection is in its place. */
/* needs: root cap_sys_admin */
#include <sys/ioctl.h>

#include <linux/sockios.h>

#include "unix_sockets.h"

static int client(bool is_gone)
{
	int fd = unix_client(SOCK_STREAM, "listener");

	unix_say(fd, "before");
	scenario_check_equal(send(fd, "!", 1, MSG_OOB), 1);
	unix_say(fd, "behind");
	if (is_gone)
		scenario_call(close(fd));
	return fd;
}

static int check(int listener)
{
	int server = unix_accept(listener), is_at_mark = 0;
	char byte = 0;

	unix_hear(server, "before");
	scenario_call(ioctl(server, SIOCATMARK, &is_at_mark));
	scenario_check_equal(is_at_mark, 1);
	scenario_check_equal(recv(server, &byte, 1, MSG_OOB), 1);
	scenario_check_equal(byte, '!');
	unix_hear(server, "behind");
	return server;
}

int main(void)
{
	int listener = unix_listen(SOCK_STREAM, "listener", 2), probe[2], alive;

	scenario_call(socketpair(AF_UNIX, SOCK_STREAM, 0, probe));
	if (send(probe[0], "!", 1, MSG_OOB) != 1)
		scenario_skip("this kernel has no urgent bytes of unix sockets");
	scenario_call(close(probe[0]));
	scenario_call(close(probe[1]));
	alive = client(false);
	client(true);

	scenario_checkpoint();
	unix_check_connected(alive, check(listener));
	unix_hear_end(check(listener));
	scenario_pass();
}
