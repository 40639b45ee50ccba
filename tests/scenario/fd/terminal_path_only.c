/* SPDX-License-Identifier: MIT */
/* Descriptors that are a mere path (O_PATH) to the nodes of a pseudo-terminal's two ends. */
#include <stdio.h>
#include <sys/stat.h>

#include "terminal.h"

static void check_leads_to(int path_only, int slave)
{
	char path[64];
	struct stat found, wanted;
	int again;

	scenario_call(fstat(path_only, &found));
	scenario_call(fstat(slave, &wanted));
	scenario_check_equal(found.st_rdev, wanted.st_rdev);
	scenario_check_equal(found.st_ino, wanted.st_ino);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", path_only);
	again = scenario_call(open(path, O_RDWR | O_NOCTTY | O_NONBLOCK));
	scenario_check(isatty(again));
	close(again);
}

int main(void)
{
	int followed, not_followed, of_closed, of_master;
	struct pair pair, closed;

	pair_open(&pair);
	pair_open(&closed);
	followed = scenario_call(open(pair.name, O_PATH));
	not_followed = scenario_call(open(pair.name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
	of_closed = scenario_call(open(closed.name, O_PATH | O_CLOEXEC));
	of_master = scenario_call(open("/dev/ptmx", O_PATH));
	scenario_call(close(closed.slave));
	scenario_checkpoint();
	check_leads_to(followed, pair.slave);
	check_leads_to(not_followed, pair.slave);
	closed.slave = pair_open_slave(&closed);
	check_leads_to(of_closed, closed.slave);
	scenario_call(fcntl(of_master, F_GETFL));
	scenario_pass();
}
