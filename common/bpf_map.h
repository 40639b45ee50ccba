/* SPDX-License-Identifier: MIT */
/* Maps of bpf(2): what they are, and what they hold. Errors are a negative errno, and silent. */
#pragma once

#include <linux/bpf.h>
#include <stdbool.h>

#include "common/compiler.h"

int must_check bpf_map_describe(int fd, struct bpf_map_info *ret_info);

/* A descriptor, O_CLOEXEC, of the map ID; FLAGS: BPF_F_RDONLY or BPF_F_WRONLY. Takes CAP_SYS_ADMIN. */
int must_check bpf_map_open(uint32_t id, uint32_t flags, int *ret_fd);

/* Like INFO, but its id; empty, and writable. */
int must_check bpf_map_create(const struct bpf_map_info *info, int *ret_fd);

/* The key behind KEY, or the first if that is NULL; -ENOENT: there is none. NEXT_KEY may be KEY. */
int must_check bpf_map_next_key(int fd, const void *key, void *next_key);
int must_check bpf_map_get(int fd, const void *key, void *value);
int must_check bpf_map_set(int fd, const void *key, const void *value);
int must_check bpf_map_freeze(int fd);

/* Bytes of a value as bpf_map_get() gives it: that of all processors, for the types of which each has its
 * own. */
size_t bpf_map_value_size(uint32_t type, uint32_t value_size, uint32_t processors);
bool bpf_map_is_per_processor(uint32_t type);

/* How many processors this host may have; 0: that is not told. */
uint32_t bpf_map_processors(void);

/* 1 if a loaded program uses the map ID, and which in *ret_program; 0 if none does. */
int must_check bpf_map_find_program(uint32_t id, uint32_t *ret_program);
