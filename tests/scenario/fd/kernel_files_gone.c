/* SPDX-License-Identifier: MIT */
/* Files of /proc of a process and a thread that have ended: they tell of nobody, and not of a later process.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenario.h"

static atomic_int tid;
static atomic_bool may_end;

static void *body(void *unused)
{
	atomic_store(&tid, gettid());
	while (!atomic_load(&may_end))
		scenario_sleep_ms(1);
	return unused;
}

static int open_of(const char *name, pid_t pid, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d%s", (int)pid, name);
	return scenario_call(open(path, flags));
}

static int open_of_thread(void)
{
	pthread_t thread;
	int fd;

	scenario_check_equal(pthread_create(&thread, NULL, body, NULL), 0);
	while (!atomic_load(&tid))
		scenario_sleep_ms(1);
	fd = open_of("/stat", atomic_load(&tid), O_RDONLY);
	atomic_store(&may_end, true);
	scenario_check_equal(pthread_join(thread, NULL), 0);
	return fd;
}

static void check_empty(int fd)
{
	char buffer[16];

	scenario_check(pread(fd, buffer, sizeof(buffer), 0) < 0 && errno == ESRCH);
}

int main(void)
{
	int stat, mounts, directory, path, thread;
	char buffer[16];
	pid_t child = scenario_call(fork());

	if (child == 0) {
		for (;;)
			pause();
	}
	stat = open_of("/stat", child, O_RDONLY);
	scenario_check_equal(read(stat, buffer, 5), 5);
	mounts = open_of("/mountinfo", child, O_RDONLY | O_CLOEXEC);
	directory = open_of("", child, O_RDONLY | O_DIRECTORY);
	path = open_of("/cwd", child, O_PATH | O_NOFOLLOW);
	scenario_call(kill(child, SIGKILL));
	scenario_call(waitpid(child, NULL, 0));
	thread = open_of_thread();
	scenario_checkpoint();
	scenario_check_equal(lseek(stat, 0, SEEK_CUR), 5);
	check_empty(stat);
	check_empty(thread);
	scenario_check_equal(fcntl(mounts, F_GETFD), FD_CLOEXEC);
	scenario_check(openat(directory, "stat", O_RDONLY) < 0);
	scenario_check(readlinkat(path, "", buffer, sizeof(buffer)) < 0);
	scenario_pass();
}
