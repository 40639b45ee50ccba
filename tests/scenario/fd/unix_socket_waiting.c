/* SPDX-License-Identifier: MIT */
/* Threads that wait in system calls of sockets go on waiting, and are woken by what they wait for. */
#include <pthread.h>
#include <sys/syscall.h>

#include "unix_sockets.h"

struct waiter {
	const char *name;
	long number;
	int fd, other;
	pthread_t thread;
	volatile pid_t tid;
	volatile bool is_done;
	long result;
	char buffer[16];
};

/* A call that has sent a part of it returns, when it is interrupted; this one must not have begun. */
#define MUCH 300000

static char much[MUCH], filling[MUCH * 10];

static void *run(void *argument)
{
	struct waiter *waiter = argument;
	struct pollfd state = {.fd = waiter->fd, .events = POLLIN};

	waiter->tid = (pid_t)syscall(SYS_gettid);
	if (waiter->number == SYS_recvfrom)
		waiter->result = recv(waiter->fd, waiter->buffer, sizeof(waiter->buffer), 0);
	else if (waiter->number == SYS_read)
		waiter->result = read(waiter->fd, waiter->buffer, sizeof(waiter->buffer));
	else if (waiter->number == SYS_accept)
		waiter->result = accept(waiter->fd, NULL, NULL);
	else if (waiter->number == SYS_poll)
		waiter->result = syscall(SYS_poll, &state, 1, -1);
	else
		waiter->result = send(waiter->fd, much, (size_t)MUCH, 0);
	waiter->is_done = true;
	return NULL;
}

static void start(struct waiter *waiter)
{
	scenario_check(pthread_create(&waiter->thread, NULL, run, waiter) == 0);
	while (waiter->tid == 0)
		scenario_sleep_ms(1);
	scenario_wait_blocked(waiter->tid, waiter->number);
}

static void finish(struct waiter *waiter, long expected)
{
	scenario_check(pthread_join(waiter->thread, NULL) == 0);
	if (waiter->result != expected)
		scenario_fail("%s gave %ld instead of %ld", waiter->name, waiter->result, expected);
}

int main(void)
{
	struct waiter waiters[] = {
		{.name = "recv", .number = SYS_recvfrom},
		{.name = "read", .number = SYS_read},
		{.name = "recv of datagrams", .number = SYS_recvfrom},
		{.name = "poll", .number = SYS_poll},
		{.name = "send", .number = SYS_sendto},
		{.name = "accept", .number = SYS_accept},
	};
	static const int types[] = {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM, SOCK_STREAM, SOCK_STREAM};
	static char back[sizeof(filling) + MUCH];
	size_t done = 0, filled;
	int client;

	scenario_fill(much, (size_t)MUCH, 1);
	for (int i = 0; i < 5; i++) {
		int pair[2];

		scenario_call(socketpair(AF_UNIX, types[i], 0, pair));
		waiters[i].fd = pair[0];
		waiters[i].other = pair[1];
	}
	waiters[5].fd = unix_listen(SOCK_STREAM, "listener", 1);
	filled = (size_t)scenario_call(send(waiters[4].fd, filling, sizeof(filling), MSG_DONTWAIT));
	for (int i = 0; i < 6; i++)
		start(&waiters[i]);

	scenario_checkpoint();
	for (int i = 0; i < 6; i++)
		if (waiters[i].is_done)
			scenario_fail("%s has come back by itself with %ld", waiters[i].name,
				      waiters[i].result);
	for (int i = 0; i < 4; i++)
		unix_say(waiters[i].other, "hello");
	for (int i = 0; i < 4; i++)
		finish(&waiters[i], i == 3 ? 1 : 5);
	while (done < filled + MUCH) {
		ssize_t size = recv(waiters[4].other, back + done, sizeof(back) - done, 0);

		scenario_check(size > 0);
		done += (size_t)size;
	}
	finish(&waiters[4], MUCH);
	scenario_check(memcmp(much, back + filled, MUCH) == 0);
	unix_hear_nothing(waiters[4].other);
	client = unix_client(SOCK_STREAM, "listener");
	scenario_check(pthread_join(waiters[5].thread, NULL) == 0);
	unix_check_connected(client, (int)waiters[5].result);
	scenario_pass();
}
