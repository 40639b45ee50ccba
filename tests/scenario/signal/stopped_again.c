/* SPDX-License-Identifier: MIT */
/*
 * Threads of a process that is stopped for the second time, and which are in restart_syscall(2) by then, wait
 * on once it is continued. A signal that they have blocked makes no difference.
 */
/* stopped */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "scenario.h"

#define COUNT 2
#define LONG_SECONDS 100
#define LATENESS_SECONDS 30

static atomic_int tids[COUNT], returned;

static void on_signal(int number)
{
	(void)number;
}

static void *sleep_long(void *unused)
{
	struct timespec time = {.tv_sec = LONG_SECONDS}, left;

	atomic_store(&tids[0], gettid());
	scenario_check_equal(clock_nanosleep(CLOCK_MONOTONIC, 0, &time, &left), EINTR);
	atomic_fetch_add(&returned, 1);
	scenario_check(left.tv_sec < LONG_SECONDS && left.tv_sec >= LONG_SECONDS - LATENESS_SECONDS);
	return unused;
}

static void *poll_long(void *unused)
{
	atomic_store(&tids[1], gettid());
	scenario_check(poll(NULL, 0, LONG_SECONDS * 1000) < 0 && errno == EINTR);
	atomic_fetch_add(&returned, 1);
	return unused;
}

static bool is_stopped(pid_t pid, pid_t tid)
{
	char path[64], text[512] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", (int)pid, (int)tid);
	file = fopen(path, "re");
	if (!file)
		return false;
	(void)!fgets(text, sizeof(text), file);
	fclose(file);
	return strrchr(text, ')') && strrchr(text, ')')[2] == 'T';
}

static void wait_stopped(pid_t pid)
{
	while (!is_stopped(pid, pid) || !is_stopped(pid, tids[0]) || !is_stopped(pid, tids[1]))
		scenario_sleep_ms(1);
}

/* Continues it once, which nobody in a stopped process could. */
static void help(pid_t pid)
{
	wait_stopped(pid);
	scenario_call(kill(pid, SIGCONT));
	while (access("again", F_OK) < 0)
		scenario_sleep_ms(1);
	wait_stopped(pid);
	scenario_announce();
}

int main(void)
{
	static void *(*const work[COUNT])(void *) = {sleep_long, poll_long};
	static const long calls[COUNT] = {SYS_clock_nanosleep, SYS_poll};
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	pthread_t threads[COUNT];
	sigset_t blocked;

	scenario_call(sigaction(SIGUSR1, &action, NULL));
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR2);
	scenario_call(sigprocmask(SIG_BLOCK, &blocked, NULL));
	for (int i = 0; i < COUNT; i++) {
		scenario_check(pthread_create(&threads[i], NULL, work[i], NULL) == 0);
		while (!atomic_load(&tids[i]))
			scenario_sleep_ms(1);
		scenario_wait_blocked(tids[i], calls[i]);
		scenario_call(syscall(SYS_tgkill, getpid(), tids[i], SIGUSR2));
	}
	scenario_start_helper(help);
	scenario_call(kill(getpid(), SIGSTOP));
	for (int i = 0; i < COUNT; i++)
		scenario_wait_blocked(tids[i], SYS_restart_syscall);
	scenario_create("again", 0600);
	scenario_call(kill(getpid(), SIGSTOP));
	scenario_sleep_ms(20);
	scenario_check_equal(atomic_load(&returned), 0);
	for (int i = 0; i < COUNT; i++) {
		scenario_check(pthread_kill(threads[i], SIGUSR1) == 0);
		scenario_check(pthread_join(threads[i], NULL) == 0);
	}
	scenario_pass();
}
