/* SPDX-License-Identifier: MIT */
/* Who never asked for certain CPUs is on those too that its group is given later. */
/* needs: cap_sys_admin */
#include <sched.h>

#include "groups.h"

static int processors(void)
{
	cpu_set_t set;

	scenario_call(sched_getaffinity(0, sizeof(set), &set));
	return CPU_COUNT(&set);
}

int main(void)
{
	char group[64], nodes[256], all[256];
	int count;

	groups_name(group, sizeof(group));
	groups_make("cpuset", group);
	groups_read("cpuset", ".", "cpuset.mems", nodes, sizeof(nodes));
	groups_read("cpuset", ".", "cpuset.cpus", all, sizeof(all));
	scenario_call(groups_write("cpuset", group, "cpuset.mems", nodes));
	scenario_call(groups_write("cpuset", group, "cpuset.cpus", all));
	groups_join("cpuset", group);
	count = processors();
	scenario_call(groups_write("cpuset", group, "cpuset.cpus", "0"));
	scenario_check_equal(processors(), 1);
	scenario_checkpoint();
	groups_check("cpuset", group);
	scenario_check_equal(processors(), 1);
	scenario_call(groups_write("cpuset", group, "cpuset.cpus", all));
	scenario_check_equal(processors(), count);
	groups_join("cpuset", ".");
	groups_remove("cpuset", group);
	scenario_pass();
}
