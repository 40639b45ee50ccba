/* SPDX-License-Identifier: MIT */
/* A group in a hierarchy of cgroup v1 without controllers, which is mounted nowhere, and one below it. */
/* not: restore-twice */
/* needs: cap_sys_admin */
#include "groups.h"

int main(void)
{
	char kind[64], group[64], below[96];
	pid_t child;

	groups_kind(kind, sizeof(kind));
	groups_name(group, sizeof(group));
	strcat(group, ": with blanks");
	snprintf(below, sizeof(below), "%s/below", group);
	groups_make(kind, group);
	groups_make(kind, below);
	groups_join(kind, group);
	child = scenario_fork();
	if (child == 0) {
		groups_join(kind, below);
		scenario_mark("joined");
		scenario_join();
		groups_check(kind, below);
		groups_join(kind, ".");
		_exit(0);
	}
	scenario_await("joined");
	scenario_checkpoint();
	groups_check(kind, group);
	scenario_reap(child, 0);
	groups_join(kind, ".");
	groups_remove(kind, below);
	groups_remove(kind, group);
	groups_end_kind(kind);
	scenario_pass();
}
