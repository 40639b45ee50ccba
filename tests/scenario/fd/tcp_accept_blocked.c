/* SPDX-License-Identifier: MIT */
/* network */
/* Processes and threads that wait in accept(2) on one socket go on waiting, and each gets its connection. */
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "sockets.h"

static int listener;
static pid_t tid;

static void serve_one(void)
{
	int fd = scenario_call(accept(listener, NULL, NULL));

	sockets_receive(fd, "hello");
	close(fd);
}

static void *wait_in_thread(void *unused)
{
	__atomic_store_n(&tid, (pid_t)syscall(SYS_gettid), __ATOMIC_SEQ_CST);
	serve_one();
	return unused;
}

int main(void)
{
	pthread_t thread;
	int status;
	pid_t child;

	listener = sockets_bound(SOCK_STREAM, "127.0.0.1", 4001);
	scenario_call(listen(listener, 5));
	child = scenario_call(fork());
	if (child == 0) {
		serve_one();
		_exit(3);
	}
	scenario_check_equal(pthread_create(&thread, NULL, wait_in_thread, NULL), 0);
	while (!__atomic_load_n(&tid, __ATOMIC_SEQ_CST))
		usleep(1000);
	scenario_wait_blocked(tid, SYS_accept);

	scenario_checkpoint();
	for (int i = 0; i < 2; i++) {
		int fd = scenario_call(socket(AF_INET, SOCK_STREAM, 0));

		sockets_connect(fd, "127.0.0.1", 4001);
		sockets_send(fd, "hello", 5);
	}
	scenario_check_equal(pthread_join(thread, NULL), 0);
	scenario_call(waitpid(child, &status, 0));
	scenario_check_equal(status, 3 << 8);
	scenario_pass();
}
