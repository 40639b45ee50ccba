/* SPDX-License-Identifier: MIT */
/* Very many signals that are queued to a process and to one of its threads come in their order, with all that
 * they carry.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

#define COUNT 40000
#define OF_THREAD 3000

static pid_t thread_tid;

static void queue(pid_t tid, int number, int value)
{
	siginfo_t info = {.si_signo = number, .si_code = SI_QUEUE};

	info.si_pid = getpid();
	info.si_uid = getuid();
	info.si_value.sival_int = value;
	if (tid == 0)
		scenario_call((int)syscall(SYS_rt_sigqueueinfo, getpid(), number, &info));
	else
		scenario_call((int)syscall(SYS_rt_tgsigqueueinfo, getpid(), tid, number, &info));
}

/* Those of lower numbers come first: so queued, the kernel finds the next always at the start. */
static int number_of(int value, int count)
{
	return SIGRTMIN + value * 3 / count;
}

static void queue_all(pid_t tid, int count)
{
	for (int value = 0; value < count; value++)
		queue(tid, number_of(value, count), value);
}

static void check(const sigset_t *set, int count)
{
	for (int value = 0; value < count; value++) {
		siginfo_t info;

		scenario_check_equal(sigwaitinfo(set, &info), number_of(value, count));
		scenario_check_equal(info.si_code, SI_QUEUE);
		scenario_check_equal(info.si_value.sival_int, value);
	}
}

static void *run(void *set)
{
	thread_tid = gettid();
	scenario_mark("thread");
	scenario_await("taken");
	check(set, OF_THREAD);
	return NULL;
}

int main(void)
{
	struct rlimit limit;
	pthread_t thread;
	sigset_t set;

	scenario_call(getrlimit(RLIMIT_SIGPENDING, &limit));
	if (limit.rlim_cur < COUNT + OF_THREAD + 1000)
		scenario_skip("RLIMIT_SIGPENDING is too low");
	sigemptyset(&set);
	for (int i = 0; i < 3; i++)
		sigaddset(&set, SIGRTMIN + i);
	scenario_call(sigprocmask(SIG_BLOCK, &set, NULL));
	scenario_check(pthread_create(&thread, NULL, run, &set) == 0);
	scenario_await("thread");
	queue_all(0, COUNT);
	queue_all(thread_tid, OF_THREAD);
	scenario_checkpoint();
	check(&set, COUNT);
	scenario_mark("taken");
	scenario_check(pthread_join(thread, NULL) == 0);
	scenario_pass();
}
