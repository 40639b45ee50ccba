/* SPDX-License-Identifier: MIT */
/*
 * Clients that have gone before anybody accepted them, some having sent something: they are accepted in their
 * order, among those that are still there, with what they have sent, who they were, and the end.
 */
/* needs: root cap_sys_admin */
#include <grp.h>

#include "unix_sockets.h"

#define CLIENTS 5

struct clients {
	const char *name;
	int type, listener, alive;
	pid_t pids[CLIENTS]; /* of those that have ended */
};

static void act(const struct clients *clients, int number)
{
	int fd = unix_new(clients->type);

	if (number == 2)
		unix_bind(fd, "own");
	else if (number == 3)
		unix_bind(fd, clients->type == SOCK_STREAM ? "@own-stream" : "@own-packet");
	unix_connect(fd, clients->name);
	if (number == 1) {
		unix_say(fd, "one");
		unix_say(fd, "more");
	} else if (number == 2) {
		unix_say(fd, "two");
	} else if (number == 3) {
		scenario_call(shutdown(fd, SHUT_WR));
	}
	if (number == 4 && clients->type == SOCK_SEQPACKET) {
		scenario_call(send(fd, "", 0, 0));
		unix_say(fd, "behind an empty one");
	}
}

static pid_t run(const struct clients *clients, int number)
{
	pid_t pid = scenario_call(fork());
	gid_t groups[] = {2001, 2002};
	int status;

	if (pid == 0) {
		if (number == 1) {
			scenario_call(setgroups(2, groups));
			scenario_call(setgid(2000));
			scenario_call(setuid(1000));
		}
		act(clients, number);
		_exit(0);
	}
	scenario_call(waitpid(pid, &status, 0));
	scenario_check_equal(status, 0);
	(void)unlink("own");
	return pid;
}

static void make(struct clients *clients, const char *name, int type)
{
	*clients = (struct clients){.name = name, .type = type, .listener = unix_listen(type, name, CLIENTS)};
	if (name[0] != '@')
		scenario_call(chmod(name, 0666));
	for (int i = 0; i < CLIENTS; i++) {
		if (i == 0) {
			clients->alive = unix_client(type, name);
			unix_say(clients->alive, "alive");
		} else {
			clients->pids[i] = run(clients, i);
		}
	}
}

static void hear(int server, const char *texts[2], int type)
{
	char joined[64];

	if (type == SOCK_STREAM) {
		snprintf(joined, sizeof(joined), "%s%s", texts[0], texts[1]);
		unix_hear(server, joined);
		return;
	}
	unix_hear(server, texts[0]);
	unix_hear(server, texts[1]);
}

static void check_gone(const struct clients *clients, int number)
{
	int server = unix_accept(clients->listener);
	gid_t groups[8] = {0};
	socklen_t size = sizeof(groups);

	scenario_check_equal(unix_peer(server).pid, clients->pids[number]);
	scenario_check_equal(unix_peer(server).uid, number == 1 ? 1000 : getuid());
	scenario_check_equal(unix_peer(server).gid, number == 1 ? 2000 : getgid());
	unix_check_names(server, clients->name,
			 number == 2                    ? "own"
			 : number != 3                  ? ""
			 : clients->type == SOCK_STREAM ? "@own-stream"
							: "@own-packet");
	if (number == 1) {
		scenario_call(getsockopt(server, SOL_SOCKET, SO_PEERGROUPS, groups, &size));
		scenario_check_equal(size, 2 * sizeof(gid_t));
		scenario_check(groups[0] == 2001 && groups[1] == 2002);
		hear(server, (const char *[]){"one", "more"}, clients->type);
	} else if (number == 2) {
		unix_hear(server, "two");
	} else if (number == 4 && clients->type == SOCK_SEQPACKET) {
		unix_hear(server, "");
		unix_hear(server, "behind an empty one");
	}
	unix_hear_end(server);
	scenario_check_equal(unix_option(server, SO_ERROR), 0);
	scenario_check(send(server, "x", 1, MSG_NOSIGNAL) < 0 && errno == EPIPE);
	scenario_call(close(server));
}

static void check(const struct clients *clients)
{
	int server = unix_accept(clients->listener);

	unix_hear(server, "alive");
	scenario_check_equal(unix_peer(server).pid, getpid());
	unix_check_connected(clients->alive, server);
	for (int i = 1; i < CLIENTS; i++)
		check_gone(clients, i);
	unix_check_serves(clients->listener, clients->type, clients->name);
}

int main(void)
{
	struct clients streams, packets;
	int full, other;

	make(&streams, "streams", SOCK_STREAM);
	make(&packets, "@packets", SOCK_SEQPACKET);
	/* A backlog of 1 has room for two, who have gone. */
	full = unix_listen(SOCK_STREAM, "full", 1);
	for (int i = 0; i < 2; i++) {
		other = unix_client(SOCK_STREAM, "full");
		unix_say(other, i == 0 ? "first" : "second");
		scenario_call(close(other));
	}

	scenario_checkpoint();
	check(&streams);
	check(&packets);
	other = unix_new(SOCK_STREAM | SOCK_NONBLOCK);
	scenario_check(connect(other, (struct sockaddr *)&(struct sockaddr_un){AF_UNIX, "full"},
			       sizeof(struct sockaddr_un)) < 0 &&
		       errno == EAGAIN);
	for (int i = 0; i < 2; i++) {
		int server = unix_accept(full);

		unix_hear(server, i == 0 ? "first" : "second");
		unix_hear_end(server);
	}
	unix_connect(other, "full");
	scenario_pass();
}
