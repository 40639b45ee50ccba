/* SPDX-License-Identifier: MIT */
/* PR_SET_THP_DISABLE is kept. */
#include <sys/prctl.h>

#include "scenario.h"

int main(void)
{
	if (prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) < 0)
		scenario_skip("PR_SET_THP_DISABLE: %s", strerror(errno));
	scenario_checkpoint();
	scenario_check_equal(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0), 1);
	scenario_call(prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0));
	scenario_checkpoint();
	scenario_check_equal(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0), 0);
	scenario_pass();
}
