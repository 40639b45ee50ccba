/* SPDX-License-Identifier: MIT */
/* Calls that wait on a socket with a timeout, which a stop interrupts with EINTR, go on waiting all the same.
 */
/* not: stop */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include "scenario.h"

#define SIZE 4096
#define INTERRUPTED_SOCKETS_MAX 8

struct wait {
	const char *name;
	long number;
	bool is_writing;
	int ours, theirs;
	atomic_int tid;
	atomic_bool has_returned;
};

static void *work(void *argument)
{
	struct wait *wait = argument;
	char buffer[SIZE] = "x";
	struct iovec vector = {buffer, wait->is_writing ? SIZE : 1};
	struct mmsghdr message = {.msg_hdr = {.msg_iov = &vector, .msg_iovlen = 1}};
	long result;

	atomic_store(&wait->tid, gettid());
	switch (wait->number) {
	case SYS_read:
	case SYS_write:
		result = syscall(wait->number, wait->ours, buffer, vector.iov_len);
		break;
	case SYS_readv:
	case SYS_writev:
		result = syscall(wait->number, wait->ours, &vector, 1);
		break;
	case SYS_recvfrom:
	case SYS_sendto:
		result = syscall(wait->number, wait->ours, buffer, vector.iov_len, 0, NULL, 0);
		break;
	case SYS_recvmsg:
	case SYS_sendmsg:
		result = syscall(wait->number, wait->ours, &message.msg_hdr, 0);
		break;
	default:
		result = syscall(wait->number, wait->ours, &message, 1, 0, NULL);
		break;
	}
	if (result < 0)
		scenario_fail("%s: %s", wait->name, strerror(errno));
	atomic_store(&wait->has_returned, true);
	return NULL;
}

/* A pair of which one end waits for half a minute, if it cannot be written to. */
static void prepare(struct wait *wait)
{
	const struct timeval timeout = {.tv_sec = 30};
	static const char bytes[SIZE];
	int ends[2];

	scenario_call(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
	wait->ours = ends[0];
	wait->theirs = ends[1];
	scenario_call(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)));
	scenario_call(setsockopt(ends[0], SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)));
	while (wait->is_writing && send(ends[0], bytes, SIZE, MSG_DONTWAIT) > 0)
		;
}

static void finish(struct wait *wait, pthread_t thread)
{
	char bytes[SIZE] = "";

	while (wait->is_writing && !atomic_load(&wait->has_returned))
		if (recv(wait->theirs, bytes, SIZE, MSG_DONTWAIT) < 0)
			scenario_sleep_ms(1);
	if (!wait->is_writing)
		scenario_check_equal(send(wait->theirs, bytes, 1, 0), 1);
	scenario_check(pthread_join(thread, NULL) == 0);
}

static inline void interrupted_socket_run(struct wait *waits, size_t count)
{
	pthread_t threads[INTERRUPTED_SOCKETS_MAX];

	for (size_t i = 0; i < count; i++) {
		prepare(&waits[i]);
		scenario_check(pthread_create(&threads[i], NULL, work, &waits[i]) == 0);
		while (!atomic_load(&waits[i].tid))
			scenario_sleep_ms(1);
		scenario_wait_blocked(waits[i].tid, waits[i].number);
	}
	scenario_checkpoint();
	for (size_t i = 0; i < count; i++)
		scenario_wait_blocked(waits[i].tid, waits[i].number);
	for (size_t i = 0; i < count; i++) {
		scenario_check(!atomic_load(&waits[i].has_returned));
		finish(&waits[i], threads[i]);
	}
}
