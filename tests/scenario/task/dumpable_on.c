/* SPDX-License-Identifier: MIT */
/* A root process that dropped its ids is not dumpable by itself; one that said it is stays dumpable. */
/* needs: root */
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

int main(void)
{
	int after_drop;

	scenario_call(syscall(SYS_setresgid, 1000, 1000, 1000));
	scenario_call(syscall(SYS_setresuid, 1000, 1000, 1000));
	after_drop = scenario_call(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
	scenario_checkpoint();
	scenario_check_equal(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), after_drop);
	scenario_call(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
	scenario_checkpoint();
	scenario_check_equal(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 1);
	scenario_pass();
}
