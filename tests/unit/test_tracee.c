/* SPDX-License-Identifier: MIT */
/* Stops of a child that is traced: none is missed, and no signal is lost. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/tracee/tracee.h"

#define SIGNALLED_STATUS 41

static void end_by_signal(int number maybe_unused)
{
	_exit(SIGNALLED_STATUS);
}

static void wait_asleep(pid_t pid)
{
	char text[32], path[32];

	snprintf(path, sizeof(path), "/proc/%d/syscall", (int)pid);
	do {
		FILE *file = fopen(path, "re");

		assert_non_null(file);
		assert_non_null(fgets(text, sizeof(text), file));
		fclose(file);
	} while (strncmp(text, "34 ", 3) != 0); /* pause(2) */
}

/* A child that waits in a system call until a SIGUSR1 ends it with SIGNALLED_STATUS; seized, and running. */
static struct tracee start(void)
{
	struct tracee tracee;
	pid_t pid;

	assert_int_equal(tracee_init(), 0);
	signal(SIGUSR1, end_by_signal);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		for (;;)
			pause();
	signal(SIGUSR1, SIG_DFL);
	wait_asleep(pid);
	assert_int_equal(tracee_seize(&tracee, pid, pid, TRACEE_KILL_WITH_TRACER), 0);
	return tracee;
}

static void freeze(struct tracee *tracee)
{
	assert_int_equal(tracee_interrupt(tracee), 0);
	assert_int_equal(tracee_wait_frozen(tracee, TRACEE_TIMEOUT_MS), 0);
	assert_int_equal(tracee->stop, TRACEE_STOP_EVENT);
}

static void end(const struct tracee *tracee)
{
	int status;

	kill(tracee->tid, SIGKILL);
	do
		assert_int_equal(waitpid(tracee->tid, &status, __WALL), tracee->tid);
	while (WIFSTOPPED(status));
}

static void assert_signalled(const struct tracee *tracee)
{
	pid_t waited = 0;
	int status;

	for (int i = 0; waited == 0 && i < 1000; i++) {
		waited = waitpid(tracee->tid, &status, __WALL | WNOHANG);
		usleep(5000);
	}
	if (waited == 0)
		end(tracee);
	assert_int_equal(waited, tracee->tid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), SIGNALLED_STATUS);
}

/* The stop at the end of a call comes first, and uses up the interruption that was asked for. */
static void freezes_in_a_system_call(void **state maybe_unused)
{
	struct tracee tracee = start();

	freeze(&tracee);
	assert_int_equal(tracee_resume(&tracee, TRACEE_RESUME_TO_SYSCALL, 0), 0);
	assert_int_equal(tracee_wait(&tracee, TRACEE_TIMEOUT_MS), 0);
	assert_int_equal(tracee.stop, TRACEE_STOP_SYSCALL);
	assert_int_equal(tracee_resume(&tracee, TRACEE_RESUME_TO_SYSCALL, 0), 0);
	wait_asleep(tracee.tid);
	freeze(&tracee);
	end(&tracee);
}

static void freezes_before_a_signal(void **state maybe_unused)
{
	struct tracee tracee = start();

	freeze(&tracee);
	kill(tracee.tid, SIGUSR1);
	assert_int_equal(tracee_resume(&tracee, TRACEE_RESUME_RUN, 0), 0);
	freeze(&tracee);
	assert_int_equal(tracee_detach(&tracee), 0);
	assert_signalled(&tracee);
}

static void detaches_with_the_signal(void **state maybe_unused)
{
	struct tracee tracee = start();

	kill(tracee.tid, SIGUSR1);
	assert_int_equal(tracee_wait(&tracee, TRACEE_TIMEOUT_MS), 0);
	assert_int_equal(tracee.stop, TRACEE_STOP_SIGNAL);
	assert_int_equal(tracee_detach(&tracee), 0);
	assert_signalled(&tracee);
}

static void tells_of_a_kill(void **state maybe_unused)
{
	struct tracee tracee = start();

	freeze(&tracee);
	kill(tracee.tid, SIGKILL);
	assert_int_equal(tracee_wait_frozen(&tracee, TRACEE_TIMEOUT_MS), -ESRCH);
	assert_int_equal(tracee.stop, TRACEE_GONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(freezes_in_a_system_call),
		cmocka_unit_test(freezes_before_a_signal),
		cmocka_unit_test(detaches_with_the_signal),
		cmocka_unit_test(tells_of_a_kill),
	};

	return cmocka_run_group_tests_name("tracee", tests, NULL, NULL);
}
