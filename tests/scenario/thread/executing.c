/* SPDX-License-Identifier: MIT */
/*
 * Processes that have execve(2) called all the time, by which all threads but the caller end and it becomes
 * the leader: each is caught with all that it is, and goes on counting, as the same process. The caller is
 * the leader, another while the leader waits, or another whose leader has ended.
 */
/* no-compare */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenario.h"

#define PROCESSES 6
#define IDLE_THREADS 4
#define COUNTERS_FD 77
#define PAGE 4096

struct counters {
	atomic_long count[PROCESSES];
	atomic_bool is_over;
};

static struct counters *counters;

static void *wait_for_end(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void *execute(void *arguments)
{
	execv("/proc/self/exe", arguments);
	scenario_fail("execve: %s", strerror(errno));
	return NULL;
}

/* The program as it begins anew: it is number NUMBER, has been executed COUNT times, and was process PID. */
static void go_on(char *name, int number, long count, pid_t pid)
{
	static char texts[3][24];
	char *arguments[] = {name, texts[0], texts[1], texts[2], NULL};
	pthread_t thread;

	counters = scenario_call(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, COUNTERS_FD, 0));
	scenario_check_equal(atomic_fetch_add(&counters->count[number], 1), count);
	scenario_check_equal(getpid(), pid);
	scenario_check_equal(gettid(), pid);
	if (atomic_load(&counters->is_over))
		_exit(6);
	snprintf(texts[0], sizeof(texts[0]), "%d", number);
	snprintf(texts[1], sizeof(texts[1]), "%ld", count + 1);
	snprintf(texts[2], sizeof(texts[2]), "%d", (int)pid);
	for (int i = 0; i < IDLE_THREADS; i++)
		scenario_check(pthread_create(&thread, NULL, wait_for_end, NULL) == 0);
	if (number % 3 == 0)
		execute(arguments);
	scenario_check(pthread_create(&thread, NULL, execute, arguments) == 0);
	if (number % 3 == 1)
		wait_for_end(NULL);
	pthread_exit(NULL);
}

static void await_more(long more)
{
	for (int i = 0; i < PROCESSES; i++) {
		long before = atomic_load(&counters->count[i]);

		while (atomic_load(&counters->count[i]) < before + more)
			scenario_sleep_ms(1);
	}
}

int main(int argc, char **argv)
{
	pid_t pids[PROCESSES];
	int fd;

	if (argc == 4)
		go_on(argv[0], atoi(argv[1]), atol(argv[2]), (pid_t)atol(argv[3]));
	fd = scenario_call(memfd_create("counters", 0));
	scenario_call(ftruncate(fd, PAGE));
	scenario_call(dup2(fd, COUNTERS_FD));
	close(fd);
	counters = scenario_call(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, COUNTERS_FD, 0));
	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = scenario_fork();
		if (pids[i] == 0)
			go_on(argv[0], i, 0, getpid());
	}
	await_more(3);
	scenario_checkpoint();
	await_more(3);
	atomic_store(&counters->is_over, true);
	for (int i = 0; i < PROCESSES; i++)
		scenario_reap(pids[i], 6);
	scenario_pass();
}
