/* SPDX-License-Identifier: MIT */
/* Processes of several users that are connected: each is told who the other was when the connection was made.
 */
/* needs: root */
#include <grp.h>
#include <stdlib.h>

#include "unix_sockets.h"

#define SERVER_UID 1234
#define CLIENT_UID 4321

static void become(uid_t uid)
{
	gid_t groups[] = {uid + 1, uid + 2};

	scenario_call(setgroups(2, groups));
	scenario_call(setresgid(uid, uid, uid));
	scenario_call(setresuid(uid, uid, uid));
}

static void serve(int listener)
{
	int server;
	struct ucred peer;

	become(SERVER_UID);
	scenario_call(listen(listener, 5));
	scenario_mark("listening");
	server = unix_accept(listener);
	peer = unix_peer(server);
	scenario_check_equal(peer.uid, CLIENT_UID);
	scenario_mark("accepted");
	scenario_join();
	scenario_check_equal(unix_peer(server).uid, CLIENT_UID);
	scenario_check_equal(unix_peer(server).gid, CLIENT_UID);
	scenario_check_equal(unix_peer(server).pid, peer.pid);
	unix_hear(server, "before");
	unix_say(server, "after");
	exit(0);
}

int main(void)
{
	int listener = unix_new(SOCK_STREAM), client = unix_new(SOCK_STREAM);
	pid_t server;
	char text[8];

	unix_bind(listener, "listener");
	scenario_call(chmod("listener", 0777));
	server = scenario_fork();
	if (server == 0)
		serve(listener);
	scenario_await("listening");
	scenario_call(setresuid(-1, CLIENT_UID, 0));
	scenario_call(setresuid(-1, 0, 0));
	scenario_call(setegid(CLIENT_UID));
	scenario_call(seteuid(CLIENT_UID));
	unix_connect(client, "listener");
	scenario_call(seteuid(0));
	scenario_call(setegid(0));
	unix_say(client, "before");
	scenario_await("accepted");

	scenario_checkpoint();
	scenario_check_equal(unix_peer(client).uid, SERVER_UID);
	scenario_check_equal(unix_peer(client).pid, server);
	scenario_check_equal(recv(client, text, sizeof(text), 0), 5);
	scenario_reap(server, 0);
	scenario_pass();
}
