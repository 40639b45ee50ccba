/* SPDX-License-Identifier: MIT */
/*
 * Several threads start processes all the time, as posix_spawn(3) does: by vfork(2), with the parent's
 * memory, with a copy of it, and one in the other. The parent cannot be stopped until its child has exited or
 * called execve(2), which takes some milliseconds here. No child is lost, and each has its status.
 */
/* no-compare */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenario.h"

#define THREADS 4
#define STACK_SIZE 32768
#define NESTED 100 /* added to the status of the child whose own child had the right one */

extern char **environ;

struct maker {
	pthread_t thread;
	atomic_long made;
	unsigned int turn;
	_Alignas(16) char stacks[2][STACK_SIZE];
};

static struct maker makers[THREADS];
static atomic_bool is_over;

static int status_of(const struct maker *maker)
{
	return (int)(maker->turn % 90);
}

static int linger(void *argument)
{
	const struct maker *maker = argument;
	struct timespec time = {.tv_nsec = maker->turn % 7 * SCENARIO_MS};

	nanosleep(&time, NULL);
	_exit(status_of(maker));
}

static int make_another(void *argument)
{
	struct maker *maker = argument;
	int status = 0;
	pid_t pid = clone(linger, maker->stacks[1] + STACK_SIZE, CLONE_VM | CLONE_VFORK | SIGCHLD, maker);

	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		_exit(255);
	_exit(WEXITSTATUS(status) + NESTED);
}

static pid_t spawn(const struct maker *maker)
{
	char number[16];
	char *const arguments[] = {(char *)"child", number, NULL};
	pid_t pid;
	int r;

	snprintf(number, sizeof(number), "%d", status_of(maker));
	r = posix_spawn(&pid, "/proc/self/exe", NULL, NULL, arguments, environ);
	if (r != 0)
		scenario_fail("posix_spawn: %s", strerror(r));
	return pid;
}

static void make_one(struct maker *maker)
{
	char *stack = maker->stacks[0] + STACK_SIZE;
	int expected = status_of(maker), status;
	pid_t pid;

	switch (maker->turn % 4) {
	case 0:
		pid = clone(linger, stack, CLONE_VM | CLONE_VFORK | SIGCHLD, maker);
		break;
	case 1:
		pid = clone(linger, stack, CLONE_VFORK | SIGCHLD, maker);
		break;
	case 2:
		pid = clone(make_another, stack, CLONE_VM | CLONE_VFORK | SIGCHLD, maker);
		expected += NESTED;
		break;
	default:
		pid = spawn(maker);
	}
	scenario_call(pid);
	scenario_check_equal(scenario_call(waitpid(pid, &status, 0)), pid);
	scenario_check(WIFEXITED(status));
	scenario_check_equal(WEXITSTATUS(status), expected);
}

static void *body(void *argument)
{
	struct maker *maker = argument;

	for (; !atomic_load(&is_over); maker->turn++) {
		make_one(maker);
		atomic_fetch_add(&maker->made, 1);
	}
	return NULL;
}

static void await_more(long count)
{
	for (size_t i = 0; i < THREADS; i++) {
		long until = atomic_load(&makers[i].made) + count;

		while (atomic_load(&makers[i].made) < until)
			scenario_sleep_ms(1);
	}
}

int main(int argc, char **argv)
{
	if (argc == 2)
		return atoi(argv[1]);
	for (size_t i = 0; i < THREADS; i++) {
		makers[i].turn = (unsigned int)i * 7;
		scenario_check(pthread_create(&makers[i].thread, NULL, body, &makers[i]) == 0);
	}
	await_more(4);
	scenario_checkpoint();
	await_more(4);
	atomic_store(&is_over, true);
	for (size_t i = 0; i < THREADS; i++)
		scenario_check(pthread_join(makers[i].thread, NULL) == 0);
	scenario_check(waitpid(-1, NULL, 0) == -1 && errno == ECHILD);
	scenario_pass();
}
