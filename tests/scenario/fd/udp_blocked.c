/* SPDX-License-Identifier: MIT */
/* network */
/* Threads that wait for datagrams, in recvfrom(2) and in poll(2), go on waiting and are woken. */
#include <pthread.h>
#include <sys/syscall.h>

#include "sockets.h"

static pid_t tids[2];
static int sockets[2];

static void *wait_in_receive(void *unused)
{
	tids[0] = (pid_t)syscall(SYS_gettid);
	sockets_receive(sockets[0], "to poll");
	sockets_receive(sockets[0], "to the first");
	return unused;
}

static void *wait_in_recvfrom(void *unused)
{
	char buffer[64];
	ssize_t size;

	tids[1] = (pid_t)syscall(SYS_gettid);
	size = scenario_call(recvfrom(sockets[1], buffer, sizeof(buffer), 0, NULL, NULL));
	scenario_check_equal(size, 13);
	scenario_check(memcmp(buffer, "to the second", 13) == 0);
	return unused;
}

int main(void)
{
	int client = sockets_bound(SOCK_DGRAM, "127.0.0.1", 0);
	pthread_t threads[2];

	for (unsigned i = 0; i < 2; i++)
		sockets[i] = sockets_bound(SOCK_DGRAM, "127.0.0.1", 4001 + i);
	scenario_check_equal(pthread_create(&threads[0], NULL, wait_in_receive, NULL), 0);
	scenario_check_equal(pthread_create(&threads[1], NULL, wait_in_recvfrom, NULL), 0);
	while (!__atomic_load_n(&tids[0], __ATOMIC_SEQ_CST) || !__atomic_load_n(&tids[1], __ATOMIC_SEQ_CST))
		usleep(1000);
	scenario_wait_blocked(tids[0], SYS_poll);
	scenario_wait_blocked(tids[1], SYS_recvfrom);

	scenario_checkpoint();
	sockets_send_to(client, "to poll", "127.0.0.1", 4001);
	sockets_send_to(client, "to the first", "127.0.0.1", 4001);
	sockets_send_to(client, "to the second", "127.0.0.1", 4002);
	for (int i = 0; i < 2; i++)
		scenario_check_equal(pthread_join(threads[i], NULL), 0);
	scenario_pass();
}
