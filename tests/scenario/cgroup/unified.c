/* SPDX-License-Identifier: MIT */
/* Groups of cgroup v2: a process, its child in another, and that one's child, which is made there. */
/* needs: cap_sys_admin */
#include "groups.h"

#define KIND ""

static void run_child(const char *group)
{
	pid_t child;

	groups_join(KIND, group);
	child = scenario_fork();
	if (child == 0) {
		scenario_mark("grandchild");
		scenario_join();
		groups_check(KIND, group);
		_exit(0);
	}
	scenario_await("grandchild");
	scenario_mark("child");
	scenario_join();
	groups_check(KIND, group);
	scenario_reap(child, 0);
	groups_join(KIND, ".");
	_exit(0);
}

int main(void)
{
	char first[64], second[64];
	pid_t child;

	groups_name(first, sizeof(first));
	groups_name(second, sizeof(second));
	groups_make(KIND, first);
	groups_make(KIND, second);
	groups_join(KIND, first);
	child = scenario_fork();
	if (child == 0)
		run_child(second);
	scenario_await("child");
	scenario_checkpoint();
	groups_check(KIND, first);
	/* What is made from now on is there, too. */
	scenario_reap(child, 0);
	child = scenario_fork();
	if (child == 0) {
		groups_check(KIND, first);
		_exit(0);
	}
	scenario_reap(child, 0);
	groups_join(KIND, ".");
	groups_remove(KIND, first);
	groups_remove(KIND, second);
	scenario_pass();
}
