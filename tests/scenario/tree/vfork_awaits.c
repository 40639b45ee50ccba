/* SPDX-License-Identifier: MIT */
/*
 * Children of vfork(2) that need something of the program before they are done, one the child of a thread,
 * the other the sibling of who waits for it (CLONE_PARENT). If those are frozen first on whom they wait, or
 * they themselves, their parents could never be. (Nor does a program come to rest by SIGSTOP so.)
 */
/* no-compare */
/* not: stop */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenario.h"

#define STACK_SIZE 32768
#define TICKS 40 /* of a millisecond at least, that a child waits for */

struct board {
	atomic_long ticks, made_by_thread, made_by_child;
	atomic_bool is_over;
};

static struct board *board;
static _Alignas(16) char stack[STACK_SIZE];

static void pause_ms(long milliseconds)
{
	struct timespec time = {.tv_nsec = milliseconds * SCENARIO_MS};

	nanosleep(&time, NULL);
}

/* In the memory of its parent, which waits for it. */
static int await_ticks(void *unused)
{
	long until = atomic_load(&board->ticks) + TICKS;

	(void)unused;
	while (!atomic_load(&board->is_over) && atomic_load(&board->ticks) < until)
		pause_ms(1);
	_exit(3);
}

static void *make_children(void *unused)
{
	while (!atomic_load(&board->is_over)) {
		pid_t pid = scenario_call(
			clone(await_ticks, stack + STACK_SIZE, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL));

		scenario_reap(pid, 3);
		atomic_fetch_add(&board->made_by_thread, 1);
	}
	return unused;
}

/* Its children are its siblings, whom their parent reaps. */
static _Noreturn void make_siblings(void)
{
	while (!atomic_load(&board->is_over)) {
		scenario_call(clone(await_ticks, stack + STACK_SIZE,
				    CLONE_VM | CLONE_VFORK | CLONE_PARENT | SIGCHLD, NULL));
		atomic_fetch_add(&board->made_by_child, 1);
	}
	_exit(3);
}

static void *tick(void *unused)
{
	while (!atomic_load(&board->is_over)) {
		pause_ms(1);
		atomic_fetch_add(&board->ticks, 1);
	}
	return unused;
}

static void await_more(long count)
{
	long by_thread = atomic_load(&board->made_by_thread) + count;
	long by_child = atomic_load(&board->made_by_child) + count;

	while (atomic_load(&board->made_by_thread) < by_thread ||
	       atomic_load(&board->made_by_child) < by_child)
		scenario_sleep_ms(1);
}

int main(void)
{
	pthread_t maker, ticker;
	long reaped = 0;
	int status;
	pid_t child;

	board = scenario_call(
		mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	child = scenario_fork();
	if (child == 0)
		make_siblings();
	scenario_check(pthread_create(&ticker, NULL, tick, NULL) == 0);
	scenario_check(pthread_create(&maker, NULL, make_children, NULL) == 0);
	await_more(2);
	scenario_checkpoint();
	await_more(2);
	atomic_store(&board->is_over, true);
	scenario_check(pthread_join(maker, NULL) == 0);
	scenario_check(pthread_join(ticker, NULL) == 0);
	for (; waitpid(-1, &status, 0) > 0; reaped++)
		scenario_check(WIFEXITED(status) && WEXITSTATUS(status) == 3);
	scenario_check_equal(errno, ECHILD);
	scenario_check_equal(reaped, atomic_load(&board->made_by_child) + 1);
	scenario_pass();
}
