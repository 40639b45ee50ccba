/* SPDX-License-Identifier: MIT */
/* Threads of one process in different groups: of cgroup v1 in any, of cgroup v2 in a threaded one below. A
 * child of such a thread is where that one is. */
/* not: restore-twice */
/* needs: cap_sys_admin */
#include <pthread.h>
#include <stdatomic.h>

#include "groups.h"

#define UNIFIED ""

static char kind[64], group[64], below[96];
static pthread_barrier_t are_ready, may_look;

static void *other_thread(void *argument)
{
	pid_t child;

	(void)argument;
	scenario_call(groups_write(kind, below, "tasks", "0"));
	scenario_call(groups_write(UNIFIED, below, "cgroup.threads", "0"));
	child = scenario_fork();
	if (child == 0) {
		scenario_mark("child");
		scenario_join();
		groups_check(kind, below);
		groups_check(UNIFIED, below);
		_exit(0);
	}
	scenario_await("child");
	pthread_barrier_wait(&are_ready);
	pthread_barrier_wait(&may_look);
	groups_check(kind, below);
	groups_check(UNIFIED, below);
	scenario_reap(child, 0);
	return NULL;
}

int main(void)
{
	pthread_t thread;

	groups_kind(kind, sizeof(kind));
	groups_name(group, sizeof(group));
	snprintf(below, sizeof(below), "%s/threads", group);
	groups_make(kind, group);
	groups_make(kind, below);
	groups_make(UNIFIED, group);
	groups_make(UNIFIED, below);
	scenario_call(groups_write(UNIFIED, below, "cgroup.type", "threaded"));
	groups_join(kind, group);
	groups_join(UNIFIED, group);
	pthread_barrier_init(&are_ready, NULL, 2);
	pthread_barrier_init(&may_look, NULL, 2);
	scenario_check_equal(pthread_create(&thread, NULL, other_thread, NULL), 0);
	pthread_barrier_wait(&are_ready);
	scenario_checkpoint();
	groups_check(kind, group);
	groups_check(UNIFIED, group);
	pthread_barrier_wait(&may_look);
	scenario_check_equal(pthread_join(thread, NULL), 0);
	groups_join(kind, ".");
	groups_join(UNIFIED, ".");
	groups_remove(kind, below);
	groups_remove(kind, group);
	groups_end_kind(kind);
	groups_remove(UNIFIED, below);
	groups_remove(UNIFIED, group);
	scenario_pass();
}
