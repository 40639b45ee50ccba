/* SPDX-License-Identifier: MIT */
/* The main thread has exited; a child of the thread that lives hears nothing of that, but of this one's end.
 */
/* no-compare */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

static volatile sig_atomic_t signals;

static void count_signal(int signal)
{
	(void)signal;
	signals++;
}

static char leader_state(void)
{
	char path[64], text[256] = "", *end;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", getpid(), getpid());
	fd = scenario_call(open(path, O_RDONLY | O_CLOEXEC));
	scenario_check(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	end = strrchr(text, ')');
	return end ? end[2] : '?';
}

static _Noreturn void be_child(pid_t parent)
{
	struct sigaction action = {.sa_handler = count_signal};

	scenario_call(sigaction(SIGUSR1, &action, NULL));
	scenario_call(prctl(PR_SET_PDEATHSIG, SIGUSR1, 0, 0, 0));
	scenario_mark("child ready");
	scenario_join();
	scenario_check_equal(signals, 0);
	scenario_check_equal(getppid(), parent);
	scenario_mark("child has looked");
	while (signals == 0)
		scenario_sleep_ms(1);
	scenario_check_equal(signals, 1);
	scenario_check_equal(getppid(), parent);
	_exit(8);
}

static void *last(void *child)
{
	scenario_reap(*(pid_t *)child, 8);
	scenario_pass();
}

static void *body(void *unused)
{
	static pid_t child;
	pid_t parent = getpid();
	pthread_t thread;

	(void)unused;
	while (leader_state() != 'Z')
		scenario_sleep_ms(1);
	child = scenario_fork();
	if (child == 0)
		be_child(parent);
	scenario_await("child ready");
	scenario_checkpoint();
	scenario_await("child has looked");
	scenario_check(pthread_create(&thread, NULL, last, &child) == 0);
	return NULL;
}

int main(void)
{
	pthread_t thread;

	scenario_check(pthread_create(&thread, NULL, body, NULL) == 0);
	syscall(SYS_exit, 0);
	return 1;
}
