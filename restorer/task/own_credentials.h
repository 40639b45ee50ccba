/* SPDX-License-Identifier: MIT */
/* The credentials of cr-restore, which every task has until it gets its own, and the names of capabilities.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "common/compiler.h"

/* Real, effective, saved, file system. */
#define CREDENTIALS_IDS 4

struct own_credentials {
	uid_t uids[CREDENTIALS_IDS];
	gid_t gids[CREDENTIALS_IDS];
	gid_t *groups; /* owned; in ascending order, as the kernel keeps them */
	size_t groups_count;
	uint64_t inheritable, permitted, effective, bounding, ambient; /* bit CAP_* */
	uint32_t securebits;
	bool no_new_privs;
};

/* Those of the calling thread. */
int must_check own_credentials_read(struct own_credentials *ret);
void own_credentials_done(struct own_credentials *own);

/* "CAP_SYS_ADMIN, CAP_NET_RAW" of SET in fresh memory that the caller frees; NULL when memory is short. */
char *capabilities_format(uint64_t set);
