/* SPDX-License-Identifier: MIT */
/* The controlling terminal of a child that leads a session, with jobs in fore- and background. */
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "terminal.h"

static struct pair pair;
static atomic_int *answers; /* how often each character was said; shared by all */

static void answer(char what)
{
	atomic_fetch_add(&answers[(unsigned char)what], 1);
}

static void await_answer(char what, int count)
{
	while (atomic_load(&answers[(unsigned char)what]) < count)
		scenario_sleep_ms(1);
}

static void report(int signal)
{
	(void)signal;
	answer('!');
}

/* Reads a line when it is in the foreground. */
static _Noreturn void be_job(bool is_in_foreground)
{
	char line[64];

	setpgid(0, 0);
	signal(SIGINT, report);
	while (is_in_foreground && tcgetpgrp(pair.slave) != getpid())
		scenario_sleep_ms(1);
	answer('j');
	for (;;) {
		ssize_t count = read(pair.slave, line, sizeof(line));

		if (count > 0)
			answer(line[0]);
		else if (errno != EINTR)
			_exit(1);
	}
}

/* A shell of a kind: two jobs, the second in the foreground; it tells what stopped. */
static _Noreturn void lead(void)
{
	pid_t jobs[2];
	int status;

	scenario_call(close(pair.master));
	scenario_call(setsid());
	scenario_call(ioctl(pair.slave, TIOCSCTTY, 0));
	signal(SIGTTOU, SIG_IGN);
	for (int i = 0; i < 2; i++) {
		jobs[i] = scenario_call(fork());
		if (jobs[i] == 0)
			be_job(i == 1);
		setpgid(jobs[i], jobs[i]);
		if (i == 0) {
			/* In the background, reading stops it. */
			scenario_check_equal(waitpid(jobs[0], &status, WUNTRACED), jobs[0]);
			scenario_check(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTTIN);
		}
	}
	scenario_call(tcsetpgrp(pair.slave, jobs[1]));
	answer('l');
	scenario_check_equal(waitpid(jobs[1], &status, WUNTRACED), jobs[1]);
	scenario_check(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTSTP);
	scenario_call(tcsetpgrp(pair.slave, jobs[0]));
	scenario_call(kill(-jobs[0], SIGCONT));
	answer('s');
	for (;;)
		pause();
}

int main(void)
{
	pid_t leader;
	int status;

	/* The jobs become ours when the leader has ended. */
	scenario_call(prctl(PR_SET_CHILD_SUBREAPER, 1));
	answers = shared_numbers("answers", 256);
	pair_open_master(&pair);
	pair.slave = scenario_call(open(pair.name, O_RDWR | O_NOCTTY));
	change_local(pair.slave, ECHO, 0);
	leader = scenario_call(fork());
	if (leader == 0)
		lead();
	await_answer('j', 2);
	await_answer('l', 1);
	scenario_checkpoint();
	scenario_check_equal(tcgetsid(pair.master), leader);
	PUT(pair.master, "2\n");
	await_answer('2', 1);
	PUT(pair.master, "\003");
	await_answer('!', 1);
	PUT(pair.master, "\032");
	await_answer('s', 1);
	PUT(pair.master, "1\n");
	await_answer('1', 1);
	/* A hangup for the leader, which ends by it. */
	scenario_call(close(pair.master));
	scenario_check_equal(waitpid(leader, &status, 0), leader);
	scenario_check(WIFSIGNALED(status) && WTERMSIG(status) == SIGHUP);
	for (int i = 0; i < 2; i++)
		scenario_call(wait(&status));
	scenario_pass();
}
