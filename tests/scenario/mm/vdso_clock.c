/* SPDX-License-Identifier: MIT */
/* Calls into the vdso go on through the checkpoint, and no monotonic clock ever goes back or far ahead. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/auxv.h>
#include <sys/time.h>
#include <unistd.h>

#include "scenario.h"

static const clockid_t clocks[] = {CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_REALTIME, CLOCK_MONOTONIC_RAW,
				   CLOCK_MONOTONIC_COARSE};
#define COUNT (sizeof(clocks) / sizeof(clocks[0]))

static atomic_bool released;
static atomic_long rounds;

static void *watch(void *unused)
{
	int64_t last[COUNT] = {0};

	while (!atomic_load(&released)) {
		struct timeval day;

		for (size_t i = 0; i < COUNT; i++) {
			int64_t now = scenario_now_ns(clocks[i]);

			if (now < last[i])
				scenario_fail("clock %d went back by %lld ns", clocks[i],
					      (long long)(last[i] - now));
			if (last[i] && now > last[i] + 30 * SCENARIO_SECOND)
				scenario_fail("clock %d jumped ahead by %lld ns", clocks[i],
					      (long long)(now - last[i]));
			last[i] = now;
		}
		scenario_call(gettimeofday(&day, NULL));
		scenario_check(time(NULL) >= day.tv_sec - 1);
		scenario_check(sched_getcpu() >= 0);
		atomic_fetch_add(&rounds, 1);
	}
	return unused;
}

int main(void)
{
	unsigned long vdso = getauxval(AT_SYSINFO_EHDR);
	pthread_t thread;
	long before;

	scenario_check(vdso && memcmp((void *)vdso, "\177ELF", 4) == 0);
	scenario_check(pthread_create(&thread, NULL, watch, NULL) == 0);
	while (atomic_load(&rounds) == 0)
		scenario_sleep_ms(1);
	scenario_checkpoint();
	before = atomic_load(&rounds);
	while (atomic_load(&rounds) < before + 1000)
		scenario_sleep_ms(1);
	atomic_store(&released, true);
	scenario_check(pthread_join(thread, NULL) == 0);
	scenario_check_equal(getauxval(AT_SYSINFO_EHDR), vdso);
	scenario_check(memcmp((void *)vdso, "\177ELF", 4) == 0);
	scenario_pass();
}
