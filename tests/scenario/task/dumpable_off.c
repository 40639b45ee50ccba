/* SPDX-License-Identifier: MIT */
/* A process that made itself not dumpable is so afterwards, and its files in /proc belong to root again. */
/* user: 65534 */
/* needs: root */
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

int main(void)
{
	struct stat before, after;

	scenario_call(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
	scenario_call(stat("/proc/self/fd", &before));
	scenario_checkpoint();
	scenario_check_equal(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
	scenario_call(stat("/proc/self/fd", &after));
	scenario_check_equal(after.st_uid, before.st_uid);
	scenario_pass();
}
