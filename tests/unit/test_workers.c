/* SPDX-License-Identifier: MIT */
/* Where a group of threads runs. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/workers.h"

static void *note_cpus(void *argument)
{
	cpu_set_t *cpus = argument;

	if (sched_getaffinity(0, sizeof(*cpus), cpus) < 0)
		CPU_ZERO(cpus);
	return NULL;
}

static cpu_set_t cpus_of_worker(struct workers *workers)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	assert_int_equal(workers_start(workers, 1, note_cpus, &cpus), 0);
	workers_join(workers);
	return cpus;
}

/* On a host with one CPU it shows nothing. */
static void keeps_cpus(void **state maybe_unused)
{
	struct workers kept = {0}, other = {0};
	cpu_set_t all, one, got;

	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	workers_keep_cpus(&kept);
	got = cpus_of_worker(&kept);
	assert_true(CPU_EQUAL(&got, &all));
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	got = cpus_of_worker(&kept);
	assert_true(CPU_EQUAL(&got, &all));
	got = cpus_of_worker(&other);
	assert_true(CPU_EQUAL(&got, &one));
	assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_cpus),
	};

	return cmocka_run_group_tests_name("workers", tests, NULL, NULL);
}
