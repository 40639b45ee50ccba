/* SPDX-License-Identifier: MIT */
/* Processes made by clone(2) that share descriptors, directories, memory or signal handlers go on sharing
 * just these. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenario.h"

#define STACK_SIZE 65536
#define CHILDREN 4

static atomic_int value;

static void handler(int signal)
{
	(void)signal;
}

/* What the runner makes, see scenario.h: the counting of checkpoints is not shared by all of them. */
static void wait_for_restore(void)
{
	while (access("go.1", F_OK) < 0)
		scenario_sleep_ms(1);
}

static int open_file(void *unused)
{
	(void)unused;
	wait_for_restore();
	return open("/", O_PATH | O_CLOEXEC) < 0;
}

static int change_directory(void *unused)
{
	(void)unused;
	wait_for_restore();
	umask(0123);
	return 0;
}

static int change_memory(void *unused)
{
	(void)unused;
	wait_for_restore();
	atomic_store(&value, 42);
	return signal(SIGUSR1, handler) == SIG_ERR;
}

static int keep_handlers(void *unused)
{
	(void)unused;
	wait_for_restore();
	return signal(SIGUSR2, handler) == SIG_ERR;
}

static bool has_handler(int number)
{
	struct sigaction action;

	scenario_call(sigaction(number, NULL, &action));
	return action.sa_handler == handler;
}

static pid_t start(int (*run)(void *), int flags)
{
	char *stack = scenario_call(
		mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

	return scenario_call(clone(run, stack + STACK_SIZE, flags | SIGCHLD, NULL));
}

int main(void)
{
	pid_t children[CHILDREN];
	int lowest;

	umask(0);
	children[0] = start(open_file, CLONE_FILES);
	children[1] = start(change_directory, CLONE_FS);
	children[2] = start(change_memory, CLONE_VM | CLONE_SIGHAND);
	children[3] = start(keep_handlers, CLONE_VM);
	lowest = scenario_call(open("/", O_PATH | O_CLOEXEC));
	close(lowest);
	scenario_checkpoint();
	for (int i = 0; i < CHILDREN; i++) {
		int status;

		scenario_check_equal(waitpid(children[i], &status, 0), children[i]);
		scenario_check_equal(status, 0);
	}
	scenario_check(fcntl(lowest, F_GETFD) == FD_CLOEXEC);
	scenario_check_equal(umask(0), 0123);
	scenario_check_equal(atomic_load(&value), 42);
	scenario_check(has_handler(SIGUSR1));
	scenario_check(!has_handler(SIGUSR2));
	scenario_pass();
}
