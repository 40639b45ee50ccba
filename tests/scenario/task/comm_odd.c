/* SPDX-License-Identifier: MIT */
/* A process name that looks like other fields of /proc/PID/stat misleads nobody. */
#include <sys/prctl.h>

#include "scenario.h"

int main(void)
{
	char got[16];

	scenario_call(prctl(PR_SET_NAME, "a) S 0 (\nb\xff)"));
	scenario_checkpoint();
	scenario_call(prctl(PR_GET_NAME, got));
	scenario_check(strcmp(got, "a) S 0 (\nb\xff)") == 0);
	scenario_pass();
}
