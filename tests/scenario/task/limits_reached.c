/* SPDX-License-Identifier: MIT */
/* Processes that may not map any more memory have the same limits afterwards. */
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "scenario.h"

/* Less than is used. Not 0, which for RLIMIT_DATA is another word for the hard limit. */
#define SOFT 4096

static const struct {
	int resource;
	rlim_t hard;
} limits[] = {
	{RLIMIT_AS, RLIM_INFINITY},
	{RLIMIT_AS, 1UL << 40},
	{RLIMIT_DATA, RLIM_INFINITY},
	{RLIMIT_DATA, 1UL << 40},
};
#define COUNT (sizeof(limits) / sizeof(limits[0]))

static void check_limit(int resource, rlim_t hard)
{
	struct rlimit limit;

	scenario_call(getrlimit(resource, &limit));
	scenario_check_equal(limit.rlim_cur, SOFT);
	scenario_check_equal(limit.rlim_max, hard);
	scenario_check(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
		       MAP_FAILED);
}

int main(void)
{
	pid_t children[COUNT];

	for (size_t i = 0; i < COUNT; i++) {
		struct rlimit limit = {SOFT, limits[i].hard};

		children[i] = scenario_fork();
		if (children[i] != 0)
			continue;
		scenario_call(setrlimit(limits[i].resource, &limit));
		check_limit(limits[i].resource, limit.rlim_max);
		scenario_mark("limited%zu", i);
		scenario_join();
		check_limit(limits[i].resource, limit.rlim_max);
		_exit(0);
	}
	for (size_t i = 0; i < COUNT; i++)
		scenario_await("limited%zu", i);
	scenario_checkpoint();
	for (size_t i = 0; i < COUNT; i++)
		scenario_reap(children[i], 0);
	scenario_pass();
}
