/* SPDX-License-Identifier: MIT */
/* Who the other end is (SO_PEERCRED, SO_PEERGROUPS) stays, also if it has other ids by now, or is no more. */
/* needs: root */
#include <grp.h>
#include <sys/wait.h>

#include "unix_sockets.h"

static void check(int fd, pid_t pid, uid_t uid, gid_t gid)
{
	struct ucred peer = unix_peer(fd);

	scenario_check_equal(peer.pid, pid);
	scenario_check_equal(peer.uid, uid);
	scenario_check_equal(peer.gid, gid);
}

/* Groups 100 and 200. */
static void check_groups(int fd)
{
	gid_t groups[8];
	socklen_t size = sizeof(groups);

	scenario_call(getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size));
	scenario_check_equal(size, 2 * sizeof(gid_t));
	scenario_check_equal(groups[0], 100);
	scenario_check_equal(groups[1], 200);
}

/* A pair that a child makes as another user before it ends. */
static pid_t make_by_child(int ret_pair[2])
{
	int way[2], status;
	pid_t child;

	scenario_call(socketpair(AF_UNIX, SOCK_STREAM, 0, way));
	child = scenario_call(fork());
	if (child == 0) {
		int pair[2];

		scenario_call(setgroups(2, (gid_t[]){100, 200}));
		scenario_call(setgid(3000));
		scenario_call(setuid(2000));
		scenario_call(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair));
		unix_send_fds(way[1], "x", pair, 2);
		_exit(0);
	}
	scenario_call(waitpid(child, &status, 0));
	unix_receive_fds(way[0], "x", ret_pair, 2);
	close(way[0]);
	close(way[1]);
	return child;
}

int main(void)
{
	int own[2], made[2], none[2], groups[2], listener, client, server, datagram;
	pid_t child;

	scenario_call(setgroups(0, NULL));
	scenario_call(socketpair(AF_UNIX, SOCK_STREAM, 0, own));
	child = make_by_child(made);
	listener = unix_listen(SOCK_STREAM, "listener", 5);
	scenario_call(setgroups(2, (gid_t[]){100, 200}));
	scenario_call(socketpair(AF_UNIX, SOCK_DGRAM, 0, groups));
	scenario_call(setegid(400));
	scenario_call(seteuid(300));
	none[0] = unix_new(SOCK_STREAM);
	scenario_call(seteuid(0));
	scenario_call(chmod("listener", 0777));
	scenario_call(seteuid(300));
	client = unix_client(SOCK_STREAM, "listener");
	scenario_call(seteuid(0));
	scenario_call(setegid(0));
	server = unix_accept(listener);
	datagram = unix_new(SOCK_DGRAM);

	scenario_checkpoint();
	for (int i = 0; i < 2; i++) {
		check(own[i], getpid(), 0, 0);
		check(made[i], child, 2000, 3000);
		check_groups(made[i]);
		check(groups[i], getpid(), 0, 0);
		check_groups(groups[i]);
	}
	check(listener, getpid(), 0, 0);
	check(client, getpid(), 0, 0);
	check(server, getpid(), 300, 400);
	check_groups(server);
	check(none[0], 0, (uid_t)-1, (gid_t)-1);
	check(datagram, 0, (uid_t)-1, (gid_t)-1);
	unix_check_connected(made[0], made[1]);
	unix_check_connected(client, server);
	unix_check_serves(listener, SOCK_STREAM, "listener");
	scenario_pass();
}
