/* SPDX-License-Identifier: MIT */
/* The queues of pending signals, read in the kernel's memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "common/pending_signals.h"
#include "common/pidref.h"

/* So many that ptrace(2) would take long over them. */
#define COUNT 8000
#define OF_THREAD 20

static void queue(pid_t tid, int number, int value)
{
	siginfo_t info = {.si_signo = number, .si_code = SI_QUEUE};

	info.si_pid = getpid();
	info.si_value.sival_int = value;
	if (tid == 0)
		assert_int_equal(syscall(SYS_rt_sigqueueinfo, getpid(), number, &info), 0);
	else
		assert_int_equal(syscall(SYS_rt_tgsigqueueinfo, getpid(), tid, number, &info), 0);
}

static void check(struct pending_signals_reader *reader, bool is_shared, int count)
{
	struct pidref thread;
	siginfo_t *signals = NULL;
	size_t found = 0;

	assert_int_equal(pidref_open_thread(gettid(), &thread), 0);
	assert_int_equal(pending_signals_read(reader, thread.fd, is_shared, COUNT - 1, &signals, &found),
			 is_shared ? -E2BIG : 0);
	free(signals);
	assert_int_equal(pending_signals_read(reader, thread.fd, is_shared, COUNT, &signals, &found), 0);
	assert_int_equal(found, count);
	for (int i = 0; i < count; i++) {
		assert_int_equal(signals[i].si_signo, SIGRTMIN + i % 2);
		assert_int_equal(signals[i].si_code, SI_QUEUE);
		assert_int_equal(signals[i].si_pid, getpid());
		assert_int_equal(signals[i].si_value.sival_int, i);
	}
	free(signals);
	pidref_done(&thread);
}

static void test_own_queues(void **state maybe_unused)
{
	cleanup_(pending_signals_reader_freep) struct pending_signals_reader *reader = NULL;
	const struct timespec at_once = {0};
	sigset_t set;

	if (pending_signals_open(&reader) < 0)
		skip(); /* needs the kernel's types, and rights */
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigaddset(&set, SIGRTMIN + 1);
	assert_int_equal(sigprocmask(SIG_BLOCK, &set, NULL), 0);
	check(reader, false, 0);
	for (int i = 0; i < COUNT; i++)
		queue(0, SIGRTMIN + i % 2, i);
	for (int i = 0; i < OF_THREAD; i++)
		queue(gettid(), SIGRTMIN + i % 2, i);
	check(reader, true, COUNT);
	check(reader, false, OF_THREAD);
	while (sigtimedwait(&set, NULL, &at_once) > 0)
		;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_queues),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
