/* SPDX-License-Identifier: MIT */
/*
 * Chains of processes: each process makes the next one and ends at once; the program inherits and reaps them
 * all. However often it is caught in between, no chain breaks, and no process of it is lost or made twice.
 */
#pragma once

#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenario.h"

#define CHAINS_MAX 16
/* Those made and not reaped: with more of them no ids would be left for others. */
#define CHAINS_PENDING_MAX 1000

struct chains {
	atomic_long made[CHAINS_MAX], reaped, pending;
	atomic_bool is_over;
};

static struct chains *chains;

static _Noreturn void chain_run(int number)
{
	while (!atomic_load(&chains->is_over)) {
		pid_t pid;

		while (atomic_load(&chains->pending) > CHAINS_PENDING_MAX)
			sched_yield();
		pid = scenario_fork();
		if (pid > 0)
			_exit(5);
		atomic_fetch_add(&chains->made[number], 1);
		atomic_fetch_add(&chains->pending, 1);
	}
	_exit(5);
}

/* Reaps as long as it is told to, and counts. */
static void chains_reap(bool is_last)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, is_last ? 0 : WNOHANG)) > 0) {
		scenario_check(WIFEXITED(status) && WEXITSTATUS(status) == 5);
		atomic_fetch_add(&chains->reaped, 1);
		atomic_fetch_sub(&chains->pending, 1);
	}
	if (is_last || pid < 0)
		scenario_check_equal(errno, ECHILD);
}

static void chains_go_on(int count)
{
	for (int i = 0; i < count; i++) {
		long before = atomic_load(&chains->made[i]);

		while (atomic_load(&chains->made[i]) < before + 10)
			chains_reap(false);
	}
}

static inline _Noreturn void chains_main(int count)
{
	long made = count;

	chains = scenario_call(
		mmap(NULL, sizeof(*chains), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	scenario_call(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
	for (int i = 0; i < count; i++)
		if (scenario_fork() == 0)
			chain_run(i);
	chains_go_on(count);
	scenario_announce();
	while (!scenario_is_released())
		chains_reap(false);
	chains_go_on(count);
	atomic_store(&chains->is_over, true);
	chains_reap(true);
	for (int i = 0; i < count; i++)
		made += atomic_load(&chains->made[i]);
	scenario_check_equal(atomic_load(&chains->reaped), made);
	scenario_pass();
}
