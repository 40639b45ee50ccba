/* SPDX-License-Identifier: MIT */
/* Sockets between parent and children: pairs, connections, a server that waits, and who each sees at the
 * other end. */
#include <sys/wait.h>

#include "unix_sockets.h"

struct shared {
	int pair[2]; /* between parent and child */
	int datagrams[2];
	int listener; /* of the child, which all have */
};

static int name_of_child(char *buffer, size_t size, pid_t pid)
{
	return snprintf(buffer, size, "@child-%d", pid);
}

/* Answers until it hears of the end. */
static void serve(int fd)
{
	char text[64];
	ssize_t size;

	while ((size = recv(fd, text, sizeof(text), 0)) > 0)
		scenario_check_equal(send(fd, text, (size_t)size, MSG_NOSIGNAL), size);
}

static void child(const struct shared *shared, pid_t parent)
{
	int listener = unix_new(SOCK_SEQPACKET), client;
	char name[64];

	close(shared->pair[0]);
	name_of_child(name, sizeof(name), getpid());
	unix_bind(listener, name);
	scenario_call(listen(listener, 3));
	unix_say(shared->pair[1], "ready");
	client = unix_accept(listener);
	scenario_check_equal(unix_peer(client).pid, parent);
	unix_say(shared->datagrams[1], "from the child");
	serve(client);
	/* The parent is back: what is it to us? */
	scenario_check_equal(unix_peer(client).pid, parent);
	scenario_check_equal(unix_peer(shared->pair[1]).pid, parent);
	scenario_check_equal(unix_peer(listener).pid, getpid());
	client = unix_accept(listener);
	scenario_check_equal(unix_peer(client).pid, parent);
	serve(client);
	unix_say_to(shared->datagrams[1], "parent", "good bye");
	_exit(0);
}

int main(void)
{
	struct shared shared;
	int client, own = unix_new(SOCK_DGRAM), again, status;
	char text[16] = "", name[64];
	pid_t parent = getpid(), pid;

	unix_bind(own, "parent");
	scenario_call(socketpair(AF_UNIX, SOCK_STREAM, 0, shared.pair));
	shared.datagrams[0] = unix_new(SOCK_DGRAM);
	shared.datagrams[1] = unix_new(SOCK_DGRAM);
	unix_bind(shared.datagrams[0], "datagrams");
	unix_connect(shared.datagrams[1], "datagrams");
	pid = scenario_call(fork());
	if (pid == 0)
		child(&shared, parent);
	close(shared.pair[1]);
	scenario_check_equal(recv(shared.pair[0], text, sizeof(text), 0), 5);
	name_of_child(name, sizeof(name), pid);
	client = unix_client(SOCK_SEQPACKET, name);
	unix_say(client, "one");
	scenario_check_equal(recv(client, text, sizeof(text), 0), 3);
	unix_say(shared.pair[0], "for the child");
	/* The next connection is not accepted yet. */
	again = unix_client(SOCK_SEQPACKET, name);

	scenario_checkpoint();
	scenario_check_equal(unix_peer(shared.pair[0]).pid, parent);
	scenario_check_equal(unix_peer(client).pid, pid);
	scenario_check_equal(unix_peer(again).pid, pid);
	unix_hear(shared.datagrams[0], "from the child");
	for (int i = 0; i < 3; i++) {
		unix_say(client, "two");
		scenario_check_equal(recv(client, text, sizeof(text), 0), 3);
		scenario_check(memcmp(text, "two", 3) == 0);
	}
	close(client);
	unix_say(again, "three");
	scenario_check_equal(recv(again, text, sizeof(text), 0), 5);
	close(again);
	/* The last words of the child, by a socket that is connected elsewhere. */
	scenario_check_equal(recv(own, text, sizeof(text), 0), 8);
	scenario_call(waitpid(pid, &status, 0));
	scenario_check_equal(status, 0);
	/* It has not read what it was told. */
	scenario_check_equal(unix_option(shared.pair[0], SO_ERROR), ECONNRESET);
	scenario_pass();
}
