/* SPDX-License-Identifier: MIT */
/* Threads that wait in system calls of pipes over a checkpoint. */
#pragma once

#include <pthread.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "pipes.h"

#define PIPE_WAITER_SIZE 2048

struct pipe_waiter {
	const char *name;
	long number; /* of the system call */
	ssize_t (*wait)(struct pipe_waiter *waiter);
	struct pipe_pair pipe, other;
	char data[PIPE_WAITER_SIZE];
	/* The rest is ours. */
	pthread_t thread;
	volatile pid_t tid;
	volatile bool is_done;
	ssize_t result;
};

static void *pipe_waiter_run(void *argument)
{
	struct pipe_waiter *waiter = argument;

	waiter->tid = (pid_t)syscall(SYS_gettid);
	waiter->result = waiter->wait(waiter);
	waiter->is_done = true;
	return NULL;
}

/* Returns once it waits. */
static inline void pipe_waiter_start(struct pipe_waiter *waiter)
{
	scenario_check(pthread_create(&waiter->thread, NULL, pipe_waiter_run, waiter) == 0);
	while (waiter->tid == 0)
		scenario_sleep_ms(1);
	scenario_wait_blocked(waiter->tid, waiter->number);
}

static inline void pipe_waiter_check_waiting(const struct pipe_waiter *waiter)
{
	if (waiter->is_done)
		scenario_fail("%s has come back by itself with %zd", waiter->name, waiter->result);
}

/* It comes back with EXPECTED. */
static inline void pipe_waiter_join(struct pipe_waiter *waiter, ssize_t expected)
{
	scenario_check(pthread_join(waiter->thread, NULL) == 0);
	if (waiter->result != expected)
		scenario_fail("%s has come back with %zd instead of %zd", waiter->name, waiter->result,
			      expected);
}
