/* SPDX-License-Identifier: MIT */
/* Secure bits, locked ones too, are kept, and so is what they mean for a change of user. */
/* needs: root */
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

#define BITS                                                                                                 \
	(SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_NOROOT |                            \
	 SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_KEEP_CAPS)

int main(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct before[2], after[2];

	scenario_call(prctl(PR_SET_SECUREBITS, BITS, 0, 0, 0));
	scenario_call(syscall(SYS_capget, &header, before));
	scenario_checkpoint();
	scenario_check_equal(prctl(PR_GET_SECUREBITS, 0, 0, 0, 0), BITS);
	scenario_check_equal(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0), -1);
	scenario_call(syscall(SYS_setresuid, 1000, 1000, 1000));
	scenario_call(syscall(SYS_capget, &header, after));
	scenario_check(memcmp(before, after, sizeof(before)) == 0);
	scenario_check_equal(prctl(PR_SET_SECUREBITS, BITS & ~SECBIT_NO_SETUID_FIXUP, 0, 0, 0), -1);
	scenario_pass();
}
