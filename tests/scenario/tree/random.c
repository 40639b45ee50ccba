/* SPDX-License-Identifier: MIT */
/*
 * A tree that grew at random: its processes have made children and siblings, led sessions and groups, joined
 * others, become subreapers and stopped being ones, ended and waited for each other. All have the same
 * parents, sessions, groups and statuses afterwards, and can go on with it. TREE_SEED and TREE_STEPS in the
 * environment make others. Brothers need not be in their order: one may have been made by another that came
 * later.
 */
/* no-compare */
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenario.h"

#define PROCESSES_MAX 200

enum command { FORK = 1, LEAD_SESSION, SET_GROUP, SUBREAPER, REAP, END };

struct process {
	atomic_int command; /* 0: done */
	int argument, flags;
	int result;
	pid_t pid;
	bool has_ended;
	char before[160];
};

static struct process *processes;
static int count;
static uint64_t state;

static unsigned below(unsigned limit)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state % limit);
}

static void wait_while(atomic_int *word, int value)
{
	while (atomic_load(word) == value)
		syscall(SYS_futex, word, FUTEX_WAIT, value, NULL, NULL, 0);
}

static void set(atomic_int *word, int value)
{
	atomic_store(word, value);
	syscall(SYS_futex, word, FUTEX_WAKE, 100, NULL, NULL, 0);
}

static _Noreturn void run(int number);

static int make(int number, int flags)
{
	long pid = syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);

	if (pid == 0)
		run(number);
	return (int)pid;
}

static int execute(struct process *self)
{
	switch ((enum command)self->command) {
	case FORK:
		return make(self->argument, self->flags);
	case LEAD_SESSION:
		return setsid() < 0 ? -1 : 0;
	case SET_GROUP:
		return setpgid(0, self->argument);
	case SUBREAPER:
		return prctl(PR_SET_CHILD_SUBREAPER, self->argument, 0, 0, 0);
	case REAP:
		return waitpid(-1, NULL, WNOHANG | __WALL);
	case END:
		if (self->flags)
			kill(getpid(), self->flags);
		_exit(self->argument);
	}
	return -1;
}

static _Noreturn void run(int number)
{
	struct process *self = &processes[number];

	for (;;) {
		wait_while(&self->command, 0);
		self->result = execute(self);
		set(&self->command, 0);
	}
}

static int tell(int number, enum command command, int argument, int flags)
{
	struct process *process = &processes[number];

	process->argument = argument;
	process->flags = flags;
	set(&process->command, command);
	wait_while(&process->command, command);
	return process->result;
}

/* The fields from state to session, and the exit signal; "" if it is gone. */
static void describe(pid_t pid, char *text, size_t size)
{
	char path[32], line[512] = "", status;
	int ppid, pgrp, session, exit_signal, code;
	FILE *file;

	*text = '\0';
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return;
	if (fgets(line, sizeof(line), file) &&
	    sscanf(strrchr(line, ')'),
		   ") %c %d %d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %*u %*u %*d "
		   "%*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %d %*d %*u %*u %*u %*u %*d %*u "
		   "%*u %*u %*u %*u %*u %*u %d",
		   &status, &ppid, &pgrp, &session, &exit_signal, &code) == 6)
		snprintf(text, size, "%s parent %d group %d session %d exit signal %d code %d",
			 status == 'Z' ? "ended," : "lives,", ppid, pgrp, session, exit_signal, code);
	fclose(file);
}

/* A process that ends is told so, but cannot answer. */
static void end(int number, int status, int signal)
{
	struct process *process = &processes[number];
	char text[160];

	process->argument = status;
	process->flags = signal;
	set(&process->command, END);
	process->has_ended = true;
	do {
		scenario_sleep_ms(1);
		describe(process->pid, text, sizeof(text));
	} while (strncmp(text, "lives", 5) == 0);
}

static int any_living(void)
{
	int number;

	do
		number = (int)below((unsigned)count);
	while (processes[number].has_ended);
	return number;
}

static void grow(int maker)
{
	int flags = below(5) == 0 ? (int)below(2) * SIGUSR1 : SIGCHLD;
	int pid;

	if (count == PROCESSES_MAX)
		return;
	if (maker > 0 && below(4) == 0)
		flags |= CLONE_PARENT;
	pid = tell(maker, FORK, count, flags);
	scenario_check(pid > 0);
	processes[count++].pid = pid;
}

static void step(void)
{
	int number = any_living();
	unsigned choice = below(16);

	if (choice < 6)
		grow(number);
	else if (choice < 8)
		tell(number, LEAD_SESSION, 0, 0);
	else if (choice < 10)
		tell(number, SET_GROUP, below(2) ? 0 : getpgid(processes[any_living()].pid), 0);
	else if (choice < 12)
		tell(number, SUBREAPER, (int)below(2), 0);
	else if (choice < 14)
		tell(number, REAP, 0, 0);
	else if (number > 0)
		end(number, (int)below(200), below(3) ? 0 : below(2) ? SIGKILL : SIGTERM);
}

/* Some have no process below or beside them left that could have made them: their number is bounded here. */
static void compare(const char *seed)
{
	for (int i = 0; i < count; i++) {
		char after[160];

		describe(processes[i].pid, after, sizeof(after));
		if (strcmp(after, processes[i].before) != 0)
			scenario_fail("seed %s: process %d (%d of %d) was: %s; is: %s", seed,
				      (int)processes[i].pid, i, count, processes[i].before, after);
	}
}

/* All end, whoever is their parent by then. */
static void end_all(void)
{
	for (int i = count; i-- > 0;)
		if (!processes[i].has_ended)
			kill(processes[i].pid, SIGKILL);
	while (waitpid(-1, NULL, __WALL) > 0)
		;
	scenario_check_equal(errno, ECHILD);
}

int main(void)
{
	const char *seed = getenv("TREE_SEED") ?: "1", *steps = getenv("TREE_STEPS") ?: "300";

	state = strtoull(seed, NULL, 10) * UINT64_C(0x9e3779b97f4a7c15);
	processes = scenario_call(mmap(NULL, PROCESSES_MAX * sizeof(*processes), PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	signal(SIGUSR1, SIG_IGN);
	scenario_call(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
	count = 1;
	processes[0].pid = make(0, SIGCHLD);
	for (int i = atoi(steps); i > 0; i--)
		step();
	for (int i = 0; i < count; i++)
		describe(processes[i].pid, processes[i].before, sizeof(processes[i].before));
	scenario_checkpoint();
	compare(seed);
	/* They can all still be told something. */
	for (int i = 0; i < count; i++)
		if (!processes[i].has_ended)
			scenario_check_equal(tell(i, SUBREAPER, 0, 0), 0);
	end_all();
	scenario_pass();
}
