/* SPDX-License-Identifier: MIT */
/* All five capability sets are kept, each different from the others: ambient ones and a cut bounding set too.
 */
/* needs: root */
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

static const int dropped[] = {CAP_SYS_BOOT, CAP_AUDIT_WRITE, CAP_MKNOD, CAP_SETFCAP};
static const int ambient[] = {CAP_NET_BIND_SERVICE, CAP_CHOWN};

static bool is_dropped(int capability)
{
	for (size_t i = 0; i < sizeof(dropped) / sizeof(dropped[0]); i++)
		if (dropped[i] == capability)
			return true;
	return false;
}

int main(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[2], got[2];
	uint64_t bounding = 0;

	for (int i = 0; i < 64; i++) {
		if (is_dropped(i))
			scenario_call(prctl(PR_CAPBSET_DROP, i, 0, 0, 0));
		if (prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1)
			bounding |= 1ULL << i;
	}
	scenario_call(syscall(SYS_capget, &header, sets));
	sets[0].inheritable = 1U << CAP_NET_BIND_SERVICE | 1U << CAP_CHOWN | 1U << CAP_SYS_TIME;
	sets[0].permitted &= ~(1U << CAP_SYS_RAWIO | 1U << CAP_NET_ADMIN);
	sets[0].effective = sets[0].permitted & ~(1U << CAP_SYS_TIME | 1U << CAP_SYS_PACCT);
	sets[1].effective &= ~1U;
	scenario_call(syscall(SYS_capset, &header, sets));
	for (size_t i = 0; i < sizeof(ambient) / sizeof(ambient[0]); i++)
		scenario_call(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, ambient[i], 0, 0));
	scenario_checkpoint();
	scenario_call(syscall(SYS_capget, &header, got));
	scenario_check(memcmp(sets, got, sizeof(sets)) == 0);
	for (int i = 0; i < 40; i++) {
		bool is_ambient = i == CAP_NET_BIND_SERVICE || i == CAP_CHOWN;

		scenario_check_equal(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0, 0), is_ambient);
		scenario_check_equal(prctl(PR_CAPBSET_READ, i, 0, 0, 0), (int)(bounding >> i & 1));
	}
	scenario_pass();
}
