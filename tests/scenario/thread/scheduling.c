/* SPDX-License-Identifier: MIT */
/* Each thread keeps its own policy, priority, nice value, reset-on-fork flag and affinity. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

static const struct {
	int policy, priority, nice; /* 0: as it was started with */
} settings[] = {
	{SCHED_OTHER, 0, 5},
	{SCHED_BATCH, 0, 7},
	{SCHED_IDLE, 0, 0},
	{SCHED_FIFO, 3, 0},
	{SCHED_RR, 11, 0},
	{SCHED_OTHER | SCHED_RESET_ON_FORK, 0, 0},
	{SCHED_RR | SCHED_RESET_ON_FORK, 1, 0},
	{SCHED_OTHER, 0, 19},
};
#define COUNT (sizeof(settings) / sizeof(settings[0]))

static atomic_bool released;
static atomic_uint ready;

static void *work(void *argument)
{
	size_t number = (size_t)argument;
	int nice = settings[number].nice ?: getpriority(PRIO_PROCESS, 0);
	struct sched_param parameters = {.sched_priority = settings[number].priority};
	bool is_set = sched_setscheduler(0, settings[number].policy, &parameters) == 0;
	cpu_set_t mine, now;

	if (!is_set && errno != EPERM)
		scenario_fail("policy %d: %s", settings[number].policy, strerror(errno));
	CPU_ZERO(&mine);
	CPU_SET((int)(number % 2) % (int)sysconf(_SC_NPROCESSORS_ONLN), &mine);
	scenario_call(sched_setaffinity(0, sizeof(mine), &mine));
	scenario_call(setpriority(PRIO_PROCESS, 0, nice));
	atomic_fetch_add(&ready, 1);
	while (!atomic_load(&released))
		scenario_sleep_ms(1);
	if (is_set) {
		scenario_check_equal(sched_getscheduler(0), settings[number].policy);
		scenario_call(sched_getparam(0, &parameters));
		scenario_check_equal(parameters.sched_priority, settings[number].priority);
	}
	scenario_check_equal(getpriority(PRIO_PROCESS, 0), nice);
	scenario_call(sched_getaffinity(0, sizeof(now), &now));
	scenario_check(CPU_EQUAL(&mine, &now));
	return NULL;
}

int main(void)
{
	int nice = getpriority(PRIO_PROCESS, 0);
	pthread_t threads[COUNT];

	for (size_t i = 0; i < COUNT; i++)
		scenario_check(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
	while (atomic_load(&ready) < COUNT)
		scenario_sleep_ms(1);
	scenario_checkpoint();
	scenario_check_equal(getpriority(PRIO_PROCESS, 0), nice);
	scenario_check_equal(sched_getscheduler(0), SCHED_OTHER);
	atomic_store(&released, true);
	for (size_t i = 0; i < COUNT; i++)
		scenario_check(pthread_join(threads[i], NULL) == 0);
	scenario_pass();
}
