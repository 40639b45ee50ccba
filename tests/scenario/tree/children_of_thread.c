/* SPDX-License-Identifier: MIT */
/*
 * Children of a thread that is not the main one, one of them a zombie, one a sibling that a child made: they
 * remain that thread's, which can wait for them with __WNOTHREAD, and whose end sends them their
 * PR_SET_PDEATHSIG.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenario.h"

static pid_t child, sibling, zombie, of_main;
static atomic_bool is_made, is_over;

static pid_t make_child(void)
{
	pid_t pid = scenario_fork();

	if (pid > 0)
		return pid;
	scenario_call(prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0));
	scenario_mark("ready %d", getpid());
	for (;;)
		pause();
}

static pid_t make_sibling(void)
{
	pid_t *made = scenario_call(
		mmap(NULL, sizeof(*made), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	pid_t maker = scenario_fork();

	if (maker == 0) {
		pid_t pid = (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);

		while (pid == 0)
			pause();
		*made = pid;
		_exit(pid > 0 ? 3 : 4);
	}
	scenario_reap(maker, 3);
	return *made;
}

static bool is_own(pid_t pid)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT | __WNOTHREAD) == 0;
}

static void *body(void *unused)
{
	(void)unused;
	child = make_child();
	sibling = make_sibling();
	zombie = scenario_fork();
	if (zombie == 0)
		_exit(9);
	scenario_call(waitid(P_PID, (id_t)zombie, &(siginfo_t){0}, WEXITED | WNOWAIT));
	scenario_await("ready %d", child);
	atomic_store(&is_made, true);
	while (!atomic_load(&is_over))
		scenario_sleep_ms(1);
	scenario_check(is_own(child) && is_own(sibling) && is_own(zombie) && !is_own(of_main));
	scenario_reap(zombie, 9);
	return NULL;
}

static void *idle(void *unused)
{
	(void)unused;
	while (!atomic_load(&is_over))
		scenario_sleep_ms(1);
	return NULL;
}

int main(void)
{
	pthread_t first, thread;
	int status;

	scenario_check(pthread_create(&first, NULL, idle, NULL) == 0);
	scenario_check(pthread_create(&thread, NULL, body, NULL) == 0);
	while (!atomic_load(&is_made))
		scenario_sleep_ms(1);
	of_main = make_child();
	scenario_await("ready %d", of_main);
	scenario_checkpoint();
	scenario_check(!is_own(child) && !is_own(sibling) && !is_own(zombie) && is_own(of_main));
	atomic_store(&is_over, true);
	scenario_check(pthread_join(thread, NULL) == 0);
	scenario_check(pthread_join(first, NULL) == 0);
	scenario_check_equal(waitpid(child, &status, 0), child);
	scenario_check(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	/* The main thread lives, and so does its child; the sibling has asked for nothing. */
	scenario_check_equal(waitpid(of_main, NULL, WNOHANG), 0);
	scenario_check_equal(waitpid(sibling, NULL, WNOHANG), 0);
	kill(of_main, SIGKILL);
	kill(sibling, SIGKILL);
	scenario_check_equal(waitpid(of_main, NULL, 0), of_main);
	scenario_check_equal(waitpid(sibling, NULL, 0), sibling);
	scenario_pass();
}
