/* SPDX-License-Identifier: MIT */
/* A negative nice value, which takes a capability to set, is kept by a process that has it no more. */
/* needs: cap_sys_nice root */
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

int main(void)
{
	scenario_call(setpriority(PRIO_PROCESS, 0, -11));
	scenario_call(syscall(SYS_setresuid, 65534, 65534, 65534));
	scenario_checkpoint();
	errno = 0;
	scenario_check_equal(getpriority(PRIO_PROCESS, 0), -11);
	scenario_check_equal(setpriority(PRIO_PROCESS, 0, -12), -1);
	scenario_pass();
}
