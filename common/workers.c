/* SPDX-License-Identifier: MIT */
/* Starting and joining threads. */
#include "common/workers.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>

unsigned workers_default_count(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	/* Fails on a machine with more CPUs than the set holds: that is many. */
	if (sched_getaffinity(0, sizeof(cpus), &cpus) < 0)
		return WORKERS_MAX;
	return MIN(MAX((unsigned)CPU_COUNT(&cpus), 1U), WORKERS_MAX);
}

void workers_keep_cpus(struct workers *workers)
{
	workers->has_cpus = sched_getaffinity(0, sizeof(workers->cpus), &workers->cpus) == 0;
}

/* Not on those that this thread has now, which they have anyhow. */
static bool run_elsewhere(const struct workers *workers)
{
	cpu_set_t now;

	return workers->has_cpus && sched_getaffinity(0, sizeof(now), &now) == 0 &&
	       !CPU_EQUAL(&now, &workers->cpus);
}

static int start_thread(struct workers *workers, void *(*body)(void *), void *argument)
{
	pthread_attr_t attributes;
	int r = -pthread_attr_init(&attributes);

	if (r < 0)
		return r;
	if (run_elsewhere(workers))
		r = -pthread_attr_setaffinity_np(&attributes, sizeof(workers->cpus), &workers->cpus);
	if (r == 0)
		r = -pthread_create(&workers->threads[workers->count], &attributes, body, argument);
	pthread_attr_destroy(&attributes);
	if (r == 0)
		workers->count++;
	return r;
}

int workers_start(struct workers *workers, unsigned count, void *(*body)(void *), void *argument)
{
	sigset_t all, before;
	int r = 0;

	workers->count = 0;
	sigfillset(&all);
	/* A thread inherits the mask: there is no moment at which it could take a signal. */
	r = -pthread_sigmask(SIG_SETMASK, &all, &before);
	if (r < 0)
		return r;
	while (workers->count < MIN(count, WORKERS_MAX) && r == 0)
		r = start_thread(workers, body, argument);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r == -EAGAIN && workers->count > 0 ? 0 : r;
}

void workers_join(struct workers *workers)
{
	while (workers->count > 0)
		pthread_join(workers->threads[--workers->count], NULL);
}
