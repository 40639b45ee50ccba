/* SPDX-License-Identifier: MIT */
/* Every resource limit is kept, soft and hard, however low. */
#include <sys/resource.h>
#include <unistd.h>

#include "scenario.h"

static const struct {
	int resource;
	rlim_t soft, hard;
} limits[] = {
	{RLIMIT_CPU, 500, 600},
	{RLIMIT_FSIZE, 100000, 200000},
	{RLIMIT_DATA, 64UL << 20, 1UL << 40},
	{RLIMIT_STACK, 4UL << 20, 5UL << 30},
	{RLIMIT_CORE, 0, 12345},
	{RLIMIT_RSS, 1UL << 30, RLIM_INFINITY},
	{RLIMIT_NPROC, 50, 60},
	{RLIMIT_NOFILE, 12, 100},
	{RLIMIT_MEMLOCK, 4096, 65536},
	{RLIMIT_AS, 200UL << 20, 1UL << 40},
	{RLIMIT_LOCKS, 7, 8},
	{RLIMIT_SIGPENDING, 30, 40},
	{RLIMIT_MSGQUEUE, 1000, 2000},
	{RLIMIT_NICE, 0, 0},
	{RLIMIT_RTPRIO, 0, 0},
	{RLIMIT_RTTIME, 1000000, 2000000},
};
#define COUNT (sizeof(limits) / sizeof(limits[0]))

int main(void)
{
	struct rlimit set[COUNT], got;

	for (size_t i = 0; i < COUNT; i++) {
		scenario_call(getrlimit(limits[i].resource, &got));
		set[i].rlim_max = limits[i].hard < got.rlim_max ? limits[i].hard : got.rlim_max;
		set[i].rlim_cur = limits[i].soft < set[i].rlim_max ? limits[i].soft : set[i].rlim_max;
		scenario_call(setrlimit(limits[i].resource, &set[i]));
	}
	scenario_checkpoint();
	for (size_t i = 0; i < COUNT; i++) {
		scenario_call(getrlimit(limits[i].resource, &got));
		if (got.rlim_cur != set[i].rlim_cur || got.rlim_max != set[i].rlim_max)
			scenario_fail("limit %d is %lu, %lu instead of %lu, %lu", limits[i].resource,
				      (unsigned long)got.rlim_cur, (unsigned long)got.rlim_max,
				      (unsigned long)set[i].rlim_cur, (unsigned long)set[i].rlim_max);
	}
	/* They are in force. */
	for (int fd = dup(0); fd >= 0; fd = dup(0))
		scenario_check(fd < 12);
	scenario_check_equal(errno, EMFILE);
	scenario_pass();
}
