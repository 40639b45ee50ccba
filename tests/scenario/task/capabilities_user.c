/* SPDX-License-Identifier: MIT */
/* A process of an ordinary user with some capabilities, and keepcaps set, keeps exactly these. */
/* needs: root */
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

int main(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[2] = {0}, got[2];
	uid_t real, effective, saved;

	scenario_call(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0));
	scenario_call(syscall(SYS_setresgid, 65534, 65534, 65534));
	scenario_call(syscall(SYS_setresuid, 65534, 65534, 65534));
	sets[0].permitted = 1U << CAP_SETUID | 1U << CAP_NET_RAW;
	sets[0].effective = 1U << CAP_SETUID;
	scenario_call(syscall(SYS_capset, &header, sets));
	scenario_call(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
	scenario_checkpoint();
	scenario_call(syscall(SYS_capget, &header, got));
	scenario_check(memcmp(sets, got, sizeof(sets)) == 0);
	scenario_call(syscall(SYS_getresuid, &real, &effective, &saved));
	scenario_check(real == 65534 && effective == 65534 && saved == 65534);
	scenario_check_equal(prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0), 1);
	scenario_check_equal(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 1);
	scenario_call(syscall(SYS_setresuid, 1, 1, 1));
	scenario_pass();
}
