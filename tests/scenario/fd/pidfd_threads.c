/* SPDX-License-Identifier: MIT */
/* pidfds of single threads (PIDFD_THREAD) are of the same threads again, and tell of their end. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

#define PIDFD_THREAD_FLAG O_EXCL

static atomic_int tids[2];
static atomic_bool may_end[2], got_signal;

static void handler(int signal)
{
	(void)signal;
	atomic_store(&got_signal, gettid() == atomic_load(&tids[1]));
}

static void *body(void *argument)
{
	int number = (int)(long)argument;

	atomic_store(&tids[number], gettid());
	while (!atomic_load(&may_end[number]))
		scenario_sleep_ms(1);
	return NULL;
}

static int open_thread(pid_t tid)
{
	int fd = (int)syscall(SYS_pidfd_open, tid, PIDFD_THREAD_FLAG);

	if (fd < 0 && errno == EINVAL)
		scenario_skip("this kernel has no pidfds of threads");
	return scenario_call(fd);
}

static int ready(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	scenario_call(poll(&poll_fd, 1, 0));
	return poll_fd.revents;
}

/* An end is told (POLLIN) a moment before the thread is collected (POLLHUP). */
static void check_ended(int fd)
{
	for (int i = 0; i < 5000 && ready(fd) != (POLLIN | POLLHUP); i++)
		scenario_sleep_ms(1);
	scenario_check_equal(ready(fd), POLLIN | POLLHUP);
}

int main(void)
{
	pthread_t threads[2];
	int fds[2], leader, process, gone, flags;

	for (long i = 0; i < 2; i++) {
		scenario_check(pthread_create(&threads[i], NULL, body, (void *)i) == 0);
		while (!atomic_load(&tids[i]))
			scenario_sleep_ms(1);
		fds[i] = open_thread(tids[i]);
	}
	gone = fds[0];
	atomic_store(&may_end[0], true);
	scenario_check(pthread_join(threads[0], NULL) == 0);
	check_ended(gone);
	leader = open_thread(getpid());
	process = (int)scenario_call(syscall(SYS_pidfd_open, getpid(), 0));
	flags = scenario_call(fcntl(fds[1], F_GETFL));
	signal(SIGUSR1, handler);
	scenario_checkpoint();
	scenario_check_equal(fcntl(fds[1], F_GETFL), flags);
	scenario_check_equal(fcntl(process, F_GETFL), O_RDWR);
	scenario_check_equal(ready(gone), POLLIN | POLLHUP);
	scenario_check_equal(ready(fds[1]), 0);
	scenario_check_equal(ready(leader), 0);
	scenario_check_equal(ready(process), 0);
	/* To that very thread. */
	scenario_call(syscall(SYS_pidfd_send_signal, fds[1], SIGUSR1, NULL, 0));
	for (int i = 0; i < 5000 && !atomic_load(&got_signal); i++)
		scenario_sleep_ms(1);
	scenario_check(atomic_load(&got_signal));
	atomic_store(&may_end[1], true);
	scenario_check(pthread_join(threads[1], NULL) == 0);
	check_ended(fds[1]);
	scenario_check_equal(ready(leader), 0);
	scenario_pass();
}
