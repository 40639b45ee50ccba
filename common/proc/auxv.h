/* SPDX-License-Identifier: MIT */
/* The auxiliary vector that a program was started with: /proc/PID/auxv (getauxval(3), proc_pid_auxv(5)). */
#pragma once

#include <stdbool.h>

#include "common/compiler.h"

/* The kernel keeps about 25 pairs on x86-64, more on other machines. */
#define AUXV_ENTRIES_MAX 128

struct auxv_entry {
	uint64_t type; /* AT_* */
	uint64_t value;
};

/* As saved by the kernel, with the AT_NULL entries at its end: prctl(PR_SET_MM_MAP) takes it back so. */
struct auxv {
	struct auxv_entry entries[AUXV_ENTRIES_MAX];
	size_t entries_count;
};

/* The file of a 64-bit process. Empty for a process without memory. */
int must_check auxv_parse(const char *text, size_t size, struct auxv *ret);
int must_check auxv_read(int proc_fd, struct auxv *ret);

/* False if TYPE does not occur before AT_NULL. */
bool auxv_get(const struct auxv *auxv, uint64_t type, uint64_t *ret_value);
