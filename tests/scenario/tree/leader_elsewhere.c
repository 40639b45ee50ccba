/* SPDX-License-Identifier: MIT */
/*
 * A member of a session whose leader is its uncle: the one that made it has ended, and the program, a
 * subreaper that was never in that session, has inherited it.
 */
#include <sys/prctl.h>
#include <unistd.h>

#include "scenario.h"

static _Noreturn void be_leader(int to)
{
	pid_t middle, orphan;

	scenario_call(setsid());
	middle = scenario_fork();
	if (middle == 0) {
		orphan = scenario_fork();
		if (orphan > 0)
			_exit(0);
		scenario_await("parted");
		orphan = getpid();
		scenario_call(write(to, &orphan, sizeof(orphan)));
		close(to);
		scenario_mark("orphan ready");
		scenario_join();
		_exit(getsid(0) == orphan ? 1 : 5);
	}
	scenario_reap(middle, 0);
	scenario_mark("parted");
	close(to);
	scenario_mark("leader ready");
	scenario_join();
	_exit(6);
}

int main(void)
{
	pid_t leader, orphan;
	int ends[2];

	scenario_call(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
	scenario_call(pipe(ends));
	leader = scenario_fork();
	if (leader == 0)
		be_leader(ends[1]);
	scenario_check_equal(read(ends[0], &orphan, sizeof(orphan)), sizeof(orphan));
	close(ends[0]);
	close(ends[1]);
	scenario_await("orphan ready");
	scenario_await("leader ready");
	scenario_checkpoint();
	scenario_check_equal(getsid(orphan), leader);
	scenario_check_equal(getpgid(orphan), leader);
	scenario_reap(orphan, 5);
	scenario_reap(leader, 6);
	scenario_pass();
}
