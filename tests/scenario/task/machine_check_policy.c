/* SPDX-License-Identifier: MIT */
/* What a process wants done on memory errors (PR_MCE_KILL) is kept. */
#include <sys/prctl.h>

#include "scenario.h"

int main(void)
{
	if (prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 0, 0) < 0)
		scenario_skip("PR_MCE_KILL: %s", strerror(errno));
	scenario_checkpoint();
	scenario_check_equal(prctl(PR_MCE_KILL_GET, 0, 0, 0, 0), PR_MCE_KILL_EARLY);
	scenario_pass();
}
