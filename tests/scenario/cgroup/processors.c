/* SPDX-License-Identifier: MIT */
/* A group that may use one CPU, in which no task can be before that is set. */
/* needs: cap_sys_admin */
#include <sched.h>

#include "groups.h"

static void check_affinity(void)
{
	cpu_set_t set;

	scenario_call(sched_getaffinity(0, sizeof(set), &set));
	scenario_check_equal(CPU_COUNT(&set), 1);
	scenario_check(CPU_ISSET(0, &set));
}

int main(void)
{
	char group[64], nodes[256], text[256];

	groups_name(group, sizeof(group));
	groups_make("cpuset", group);
	groups_read("cpuset", ".", "cpuset.mems", nodes, sizeof(nodes));
	scenario_call(groups_write("cpuset", group, "cpuset.mems", nodes));
	scenario_call(groups_write("cpuset", group, "cpuset.cpus", "0"));
	groups_join("cpuset", group);
	check_affinity();
	scenario_checkpoint();
	groups_check("cpuset", group);
	check_affinity();
	groups_read("cpuset", group, "cpuset.cpus", text, sizeof(text));
	scenario_check(strcmp(text, "0") == 0);
	groups_join("cpuset", ".");
	groups_remove("cpuset", group);
	scenario_pass();
}
