/* SPDX-License-Identifier: MIT */
/*
 * The leader of a session has ended and left two orphans, in two groups, whom the program has inherited; the
 * leader of a group has ended as well. A zombie leads another session.
 */
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenario.h"

/* What the children tell: who they are. */
struct member {
	pid_t pid, group, session;
};

static pid_t make_member(int to, pid_t group)
{
	struct member member;
	pid_t pid = scenario_fork();

	if (pid > 0)
		return pid;
	scenario_call(setpgid(0, group));
	member = (struct member){getpid(), getpgrp(), getsid(0)};
	scenario_call(write(to, &member, sizeof(member)));
	close(to);
	scenario_mark("ready %d", getpid());
	scenario_join();
	scenario_check_equal(getpid(), member.pid);
	scenario_check_equal(getpgrp(), member.group);
	scenario_check_equal(getsid(0), member.session);
	_exit(7);
}

/* A session of whose members none leads it, in the group of another that is gone. */
static pid_t make_session(int to)
{
	pid_t leader = scenario_fork(), group;

	if (leader > 0)
		return leader;
	scenario_call(setsid());
	group = scenario_fork();
	if (group == 0) {
		scenario_call(setpgid(0, 0));
		scenario_mark("grouped");
		scenario_await("joined");
		_exit(0);
	}
	scenario_await("grouped");
	/* The first is to tell first. */
	scenario_await("ready %d", make_member(to, group));
	make_member(to, 0);
	scenario_await("told");
	scenario_mark("joined");
	scenario_reap(group, 0);
	_exit(0);
}

int main(void)
{
	struct member members[2];
	pid_t leader, zombie;
	int ends[2];

	scenario_call(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
	scenario_call(pipe(ends));
	leader = make_session(ends[1]);
	for (int i = 0; i < 2; i++)
		scenario_check_equal(read(ends[0], &members[i], sizeof(members[i])), sizeof(members[i]));
	close(ends[0]);
	close(ends[1]);
	scenario_mark("told");
	scenario_reap(leader, 0);
	zombie = scenario_fork();
	if (zombie == 0) {
		scenario_call(setsid());
		_exit(9);
	}
	scenario_call(waitid(P_PID, (id_t)zombie, &(siginfo_t){0}, WEXITED | WNOWAIT));
	for (int i = 0; i < 2; i++)
		scenario_await("ready %d", members[i].pid);
	scenario_checkpoint();
	scenario_check_equal(getsid(members[0].pid), leader);
	scenario_check_equal(getsid(members[1].pid), leader);
	scenario_check_equal(getpgid(members[0].pid), members[0].group);
	scenario_check_equal(getpgid(members[1].pid), members[1].pid);
	for (int i = 0; i < 2; i++)
		scenario_reap(members[i].pid, 7);
	scenario_reap(zombie, 9);
	scenario_check_equal(wait(NULL), -1);
	scenario_pass();
}
