/* SPDX-License-Identifier: MIT */
/* Threads that wait in sockets: to receive all that they want, to accept; all go on waiting. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#include "unix_sockets.h"

static int listener, pair[2], packets[2];
static atomic_int done, tids[3];

static void *accept_one(void *argument)
{
	int server;

	(void)argument;
	atomic_store(&tids[0], gettid());
	server = scenario_call(accept(listener, NULL, NULL));
	unix_say(server, "welcome");
	atomic_fetch_add(&done, 1);
	return NULL;
}

static void *receive(void *argument)
{
	struct iovec part = {argument, 64};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	atomic_store(&tids[1], gettid());
	scenario_check_equal(recvmsg(pair[1], &message, MSG_WAITALL), 64);
	atomic_fetch_add(&done, 1);
	return NULL;
}

static void *receive_many(void *argument)
{
	static char buffers[2][16];
	struct iovec parts[2] = {{buffers[0], 16}, {buffers[1], 16}};
	struct mmsghdr messages[2] = {{.msg_hdr = {.msg_iov = &parts[0], .msg_iovlen = 1}},
				      {.msg_hdr = {.msg_iov = &parts[1], .msg_iovlen = 1}}};

	(void)argument;
	atomic_store(&tids[2], gettid());
	scenario_check_equal(recvmmsg(packets[1], messages, 2, MSG_WAITFORONE, NULL), 1);
	scenario_check(memcmp(buffers[0], "packet", 6) == 0);
	atomic_fetch_add(&done, 1);
	return NULL;
}

int main(void)
{
	static char buffer[64], sent[64];
	static const long calls[] = {SYS_accept, SYS_recvmsg, SYS_recvmmsg};
	pthread_t threads[3];
	int client;

	listener = unix_listen(SOCK_STREAM, "listener", 3);
	scenario_call(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	scenario_call(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, packets));
	pthread_create(&threads[0], NULL, accept_one, NULL);
	pthread_create(&threads[1], NULL, receive, buffer);
	pthread_create(&threads[2], NULL, receive_many, NULL);
	for (int i = 0; i < 3; i++) {
		while (atomic_load(&tids[i]) == 0)
			scenario_sleep_ms(1);
		scenario_wait_blocked(tids[i], calls[i]);
	}

	scenario_checkpoint();
	scenario_check_equal(atomic_load(&done), 0);
	client = unix_client(SOCK_STREAM, "listener");
	scenario_fill(sent, sizeof(sent), 1);
	scenario_check_equal(send(pair[0], sent, 30, 0), 30);
	scenario_check_equal(send(pair[0], sent + 30, 34, 0), 34);
	unix_say(packets[0], "packet");
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	unix_hear(client, "welcome");
	scenario_check(memcmp(buffer, sent, sizeof(sent)) == 0);
	scenario_pass();
}
