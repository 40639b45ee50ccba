/* SPDX-License-Identifier: MIT */
/* The restartable-sequence areas of all threads are still registered: the kernel keeps the CPU number in
 * them. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/rseq.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

static atomic_bool released;
static atomic_int ready;

static volatile struct rseq *area(void)
{
	return (volatile struct rseq *)((char *)__builtin_thread_pointer() + __rseq_offset);
}

/* Moves over all CPUs it may use; the area must follow. */
static void check_area(void)
{
	cpu_set_t all, one;

	scenario_call(sched_getaffinity(0, sizeof(all), &all));
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &all))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		scenario_call(sched_setaffinity(0, sizeof(one), &one));
		scenario_check_equal(area()->cpu_id, cpu);
		scenario_check_equal(area()->cpu_id_start, cpu);
		scenario_check_equal(sched_getcpu(), cpu);
	}
	scenario_call(sched_setaffinity(0, sizeof(all), &all));
	/* Registering it once more with the same values says EBUSY, with others EINVAL. */
	scenario_check_equal(syscall(SYS_rseq, area(), __rseq_size < 32 ? 32 : __rseq_size, 0, RSEQ_SIG), -1);
	scenario_check_equal(errno, EBUSY);
}

static void *work(void *unused)
{
	check_area();
	atomic_fetch_add(&ready, 1);
	while (!atomic_load(&released))
		scenario_sleep_ms(1);
	check_area();
	return unused;
}

int main(void)
{
	pthread_t threads[4];

	if (__rseq_size == 0)
		scenario_skip("the C library has not registered rseq");
	for (int i = 0; i < 4; i++)
		scenario_check(pthread_create(&threads[i], NULL, work, NULL) == 0);
	while (atomic_load(&ready) < 4)
		scenario_sleep_ms(1);
	scenario_checkpoint();
	check_area();
	atomic_store(&released, true);
	for (int i = 0; i < 4; i++)
		scenario_check(pthread_join(threads[i], NULL) == 0);
	scenario_pass();
}
