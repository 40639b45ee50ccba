/* SPDX-License-Identifier: MIT */
/*
 * Each process makes the next one and ends at once; the program inherits and reaps them all. However often it
 * is caught in between, the chain does not break, and no process of it is lost or made twice.
 */
/* no-compare */
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenario.h"

struct chain {
	atomic_long made, reaped;
	atomic_bool is_over;
};

static struct chain *chain;

static _Noreturn void run_chain(void)
{
	while (!atomic_load(&chain->is_over)) {
		pid_t pid = scenario_fork();

		if (pid > 0)
			_exit(5);
		atomic_fetch_add(&chain->made, 1);
	}
	_exit(5);
}

/* Reaps as long as it is told to, and counts. */
static void reap(bool is_last)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, is_last ? 0 : WNOHANG)) > 0) {
		scenario_check(WIFEXITED(status) && WEXITSTATUS(status) == 5);
		atomic_fetch_add(&chain->reaped, 1);
	}
	if (is_last || pid < 0)
		scenario_check_equal(errno, ECHILD);
}

static void go_on(int rounds)
{
	long before = atomic_load(&chain->made);

	while (atomic_load(&chain->made) < before + rounds)
		reap(false);
}

int main(void)
{
	chain = scenario_call(
		mmap(NULL, sizeof(*chain), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	scenario_call(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
	if (scenario_fork() == 0)
		run_chain();
	go_on(10);
	scenario_announce();
	while (!scenario_is_released())
		reap(false);
	go_on(10);
	atomic_store(&chain->is_over, true);
	reap(true);
	scenario_check_equal(atomic_load(&chain->reaped), atomic_load(&chain->made) + 1);
	scenario_pass();
}
