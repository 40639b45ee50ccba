/* SPDX-License-Identifier: MIT */
/* A group of identical threads that block every signal, so that only the program's main thread handles them.
 */
#pragma once

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>

#include "common/compiler.h"

#define WORKERS_MAX 16U

struct workers {
	pthread_t threads[WORKERS_MAX];
	unsigned count;
	bool has_cpus;
	cpu_set_t cpus; /* on which they run; without has_cpus those of the thread that starts them */
};

/* The number of CPUs this thread may run on, 1 to WORKERS_MAX. */
unsigned workers_default_count(void);

/* Those to come will run where this thread may run now, wherever it may when it starts them. */
void workers_keep_cpus(struct workers *workers);

/*
 * Starts COUNT threads (at most WORKERS_MAX) that run BODY(ARGUMENT), or at least one if no more can be had:
 * the number of processes may be limited. On failure (negative errno) the threads
 * that did start are in WORKERS: the caller tells them to stop and joins them, as it does after success.
 */
int must_check workers_start(struct workers *workers, unsigned count, void *(*body)(void *), void *argument);

/* Waits until all have returned; the caller has told them to. Harmless on a zeroed group. */
void workers_join(struct workers *workers);
