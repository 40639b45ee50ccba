/* SPDX-License-Identifier: MIT */
/* The vdso (vdso(7)) of this process: by its contents two kernels are told apart. */
#pragma once

#include "common/compiler.h"

struct vdso {
	const unsigned char *start; /* mapped for the life of the process */
	size_t size;                /* of what is loaded of it; the mapping is longer */
};

/* -ENOENT if this process has none. */
int must_check vdso_own(struct vdso *ret_vdso);

/* FNV-1a, 64 bits. */
uint64_t fnv1a_hash(const void *data, size_t size);
