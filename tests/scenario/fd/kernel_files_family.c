/* SPDX-License-Identifier: MIT */
/* Files of /proc of a child, of the parent and of a single thread are those of the same again. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenario.h"

static atomic_int tid;
static atomic_bool may_end;

static void *body(void *unused)
{
	scenario_call(prctl(PR_SET_NAME, "a thread"));
	atomic_store(&tid, gettid());
	while (!atomic_load(&may_end))
		scenario_sleep_ms(1);
	return unused;
}

static int open_of(const char *format, pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), format, (int)pid);
	return scenario_call(open(path, O_RDONLY));
}

static void check_content(int fd, const char *expected)
{
	char buffer[256] = "";

	scenario_check(pread(fd, buffer, sizeof(buffer) - 1, 0) > 0);
	if (strncmp(buffer, expected, strlen(expected)) != 0)
		scenario_fail("'%s' instead of '%s'", buffer, expected);
}

static void run_child(void)
{
	int fd = open_of("/proc/%d/comm", getppid());

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	scenario_call(prctl(PR_SET_NAME, "a child"));
	scenario_create("ready", 0600);
	while (access("go.1", F_OK) < 0)
		scenario_sleep_ms(5);
	check_content(fd, "a parent\n");
	_exit(0);
}

int main(void)
{
	int of_child, of_thread, status;
	pthread_t thread;
	pid_t child;

	scenario_call(prctl(PR_SET_NAME, "a parent"));
	child = scenario_call(fork());
	if (child == 0)
		run_child();
	while (access("ready", F_OK) < 0)
		scenario_sleep_ms(1);
	scenario_check(pthread_create(&thread, NULL, body, NULL) == 0);
	while (!atomic_load(&tid))
		scenario_sleep_ms(1);
	of_child = open_of("/proc/%d/status", child);
	of_thread = open_of("/proc/self/task/%d/comm", tid);
	scenario_checkpoint();
	check_content(of_child, "Name:\ta child\n");
	check_content(of_thread, "a thread\n");
	scenario_check_equal(waitpid(child, &status, 0), child);
	scenario_check_equal(status, 0);
	atomic_store(&may_end, true);
	scenario_check(pthread_join(thread, NULL) == 0);
	scenario_pass();
}
