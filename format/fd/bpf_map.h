/* SPDX-License-Identifier: MIT */
/* What a valid map of bpf(2) is. */
#pragma once

#include <linux/bpf.h>
#include <stdbool.h>

#include "common/compiler.h"
#include "format/fd/bpf_map.pb-c.h"

/* BPF_F_* that a map can have and be made with again. */
#define BPF_MAP_FLAGS_KNOWN                                                                                  \
	((uint32_t)(BPF_F_NO_PREALLOC | BPF_F_NO_COMMON_LRU | BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG |        \
		    BPF_F_ZERO_SEED | BPF_F_MMAPABLE))

/* Of a key and a value together: more than any type allows. */
#define BPF_MAP_ELEMENT_SIZE_MAX (UINT64_C(64) << 20)

/* Whether the elements of maps of that type can be read and set one by one. */
bool bpf_map_type_is_known(uint32_t type);

/* Bytes of an element in the contents. */
uint64_t bpf_map_element_size(const Cr__BpfMap *map);

/* 0, or -EBADMSG and why in *ret_reason (static text). */
int must_check bpf_map_check(const Cr__BpfMap *map, const char **ret_reason);
