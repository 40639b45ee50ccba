/* SPDX-License-Identifier: MIT */
/* What this kernel can do and what this process may do, found by trying, never by version numbers. */
#pragma once

#include <stdbool.h>

#include "common/compiler.h"

struct kernel_features {
	char release[65]; /* uname(2) */
	char machine[65];
	char boot_id[37]; /* /proc/sys/kernel/random/boot_id, "" if it cannot be read */
	uint64_t page_size;
	uint64_t cap_effective;     /* of this thread; bit CAP_* */
	bool has_pagemap_scan;      /* ioctl PAGEMAP_SCAN, Linux 6.7 */
	bool has_pagemap_guard;     /* with PAGE_IS_GUARD, Linux 6.15 */
	bool has_clone_set_tid;     /* clone3(2) knows set_tid, Linux 5.5 */
	bool may_clone_set_tid;     /* and this process may: CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN */
	bool has_pidfd_getfd;       /* Linux 5.6 */
	bool has_timer_restore_ids; /* prctl(PR_TIMER_CREATE_RESTORE_IDS), Linux 6.15 */
	bool has_kcmp;              /* kcmp(2) */
};

static inline bool kernel_features_has_cap(const struct kernel_features *features, unsigned capability)
{
	return features->cap_effective >> capability & 1;
}

/* Changes nothing in this process or the system, and creates no process. What is missing is no error. */
int must_check kernel_probe(struct kernel_features *ret);
