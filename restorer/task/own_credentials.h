/* SPDX-License-Identifier: MIT */
/* The credentials of cr-restore, which every task has until it gets its own, and the names of capabilities.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/compiler.h"

/* Real, effective, saved, file system. */
#define CREDENTIALS_IDS 4
#define LOGIN_UID_NONE UINT32_MAX

struct own_credentials {
	uid_t uids[CREDENTIALS_IDS];
	gid_t gids[CREDENTIALS_IDS];
	gid_t *groups; /* owned; in ascending order, as the kernel keeps them */
	size_t groups_count;
	uint64_t inheritable, permitted, effective, bounding, ambient; /* bit CAP_* */
	uint32_t securebits;
	bool no_new_privs;
	/* No credentials, but handed on and guarded by capabilities in the same way. */
	uint32_t login_uid; /* LOGIN_UID_NONE also if the kernel has no audit */
	int oom_score_adj;
};

/* Those of the calling thread, and its process. */
int must_check own_credentials_read(struct own_credentials *ret);
void own_credentials_done(struct own_credentials *own);

/* "CAP_SYS_ADMIN, CAP_NET_RAW" of SET in fresh memory that the caller frees; NULL when memory is short. */
char *capabilities_format(uint64_t set);
