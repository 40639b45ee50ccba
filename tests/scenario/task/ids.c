/* SPDX-License-Identifier: MIT */
/* Real, effective, saved and file-system ids may all differ, and the groups are many: all are kept. */
/* needs: root */
#include <grp.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "scenario.h"

#define GROUPS 100

int main(void)
{
	gid_t groups[GROUPS], got[GROUPS + 1];
	uid_t real, effective, saved;

	for (gid_t i = 0; i < GROUPS; i++)
		groups[i] = 5000 + i * 3;
	scenario_call(setgroups(GROUPS, groups));
	scenario_call(setresgid(2001, 2002, 2003));
	/* Keeps the capabilities away from root's automatism, and leaves something to get back. */
	scenario_call(setresuid(1001, 1002, 0));
	setfsgid(2003);
	setfsuid(0);
	scenario_checkpoint();
	scenario_call(getresuid(&real, &effective, &saved));
	scenario_check(real == 1001 && effective == 1002 && saved == 0);
	scenario_check_equal(setfsuid((uid_t)-1), 0);
	scenario_call(getresgid(&real, &effective, &saved));
	scenario_check(real == 2001 && effective == 2002 && saved == 2003);
	scenario_check_equal(setfsgid((gid_t)-1), 2003);
	scenario_check_equal(getgroups(GROUPS + 1, got), GROUPS);
	scenario_check(memcmp(groups, got, sizeof(groups)) == 0);
	scenario_call(seteuid(0));
	scenario_call(setuid(0));
	scenario_pass();
}
