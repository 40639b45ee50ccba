/* SPDX-License-Identifier: MIT */
/*
 * A system call with a timeout that a thread is blocked in over a checkpoint taken in the middle: it must end
 * as if nothing had happened, neither early nor much late.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

#define INTERRUPTED_MS 800

struct interrupted {
	/* Blocks for INTERRUPTED_MS; 0 if it ended as it should, else an errno or so. */
	int (*block)(void);
	const char *name;
	long number; /* of the system call */
	/* The kernel does not know how to go on with it: made again, it may last up to twice as long. */
	bool is_made_anew;
	pthread_t thread;
	atomic_int tid;
	int result;
	int64_t elapsed_ns;
};

/*
 * How long the host of a virtual machine has kept its processors from running, proc_stat(5). The clock by
 * which a dump tells how long a thread has slept stands still meanwhile.
 */
static inline int64_t interrupted_stolen_ns(void)
{
	const int64_t tick_ns = 1000 * SCENARIO_MS / sysconf(_SC_CLK_TCK);
	FILE *file = fopen("/proc/stat", "re");
	unsigned long long ticks = 0;

	scenario_check(file && fscanf(file, "cpu %*u %*u %*u %*u %*u %*u %*u %llu", &ticks) == 1);
	fclose(file);
	return (int64_t)ticks * tick_ns;
}

static void *interrupted_body(void *argument)
{
	struct interrupted *call = argument;
	int64_t start;

	scenario_run_first();
	start = scenario_now_ns(CLOCK_MONOTONIC);
	atomic_store(&call->tid, gettid());
	call->result = call->block();
	call->elapsed_ns = scenario_now_ns(CLOCK_MONOTONIC) - start;
	return NULL;
}

/* Blocks a thread in each of COUNT calls, takes a checkpoint at a third of their time, and judges their ends.
 */
static inline void interrupted_run(struct interrupted *calls, size_t count)
{
	const int64_t least = INTERRUPTED_MS * SCENARIO_MS;
	int64_t stolen_ns = interrupted_stolen_ns();

	for (size_t i = 0; i < count; i++)
		scenario_check(pthread_create(&calls[i].thread, NULL, interrupted_body, &calls[i]) == 0);
	for (size_t i = 0; i < count; i++) {
		while (!atomic_load(&calls[i].tid))
			scenario_sleep_ms(1);
		scenario_wait_blocked(calls[i].tid, calls[i].number);
	}
	scenario_sleep_ms(INTERRUPTED_MS / 3);
	scenario_checkpoint();
	stolen_ns = interrupted_stolen_ns() - stolen_ns;
	for (size_t i = 0; i < count; i++) {
		/* Less than the third by which it would be too long, were it begun anew. */
		int64_t most = least + least / 4 + stolen_ns + scenario_frozen_ns();

		if (calls[i].is_made_anew)
			most += least;
		scenario_check(pthread_join(calls[i].thread, NULL) == 0);
		if (calls[i].result != 0)
			scenario_fail("%s ended with %d (%s)", calls[i].name, calls[i].result,
				      strerror(calls[i].result));
		if (calls[i].elapsed_ns < least || calls[i].elapsed_ns > most)
			scenario_fail("%s took %lld us instead of %lld to %lld", calls[i].name,
				      (long long)calls[i].elapsed_ns / 1000, (long long)least / 1000,
				      (long long)most / 1000);
	}
}
