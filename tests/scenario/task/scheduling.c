/* SPDX-License-Identifier: MIT */
/* A single-threaded process keeps nice value, batch policy and its one CPU. */
#include <sched.h>
#include <sys/resource.h>

#include "scenario.h"

int main(void)
{
	struct sched_param parameters = {0};
	cpu_set_t all, one, got;
	int last = 0;

	scenario_call(sched_getaffinity(0, sizeof(all), &all));
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &all))
			last = cpu;
	CPU_ZERO(&one);
	CPU_SET(last, &one);
	scenario_call(sched_setaffinity(0, sizeof(one), &one));
	scenario_call(sched_setscheduler(0, SCHED_BATCH, &parameters));
	scenario_call(setpriority(PRIO_PROCESS, 0, 13));
	scenario_checkpoint();
	scenario_check_equal(sched_getscheduler(0), SCHED_BATCH);
	scenario_check_equal(getpriority(PRIO_PROCESS, 0), 13);
	scenario_call(sched_getaffinity(0, sizeof(got), &got));
	scenario_check(CPU_EQUAL(&one, &got));
	scenario_check_equal(sched_getcpu(), last);
	scenario_pass();
}
