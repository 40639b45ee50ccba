/* SPDX-License-Identifier: MIT */
/* Where the running kernel keeps its functions and variables: /proc/kallsyms. */
#pragma once

#include "common/kernel_memory.h"

/* -ENOENT if there is none of that name; -EPERM if addresses are not told (CAP_SYSLOG, kernel.kptr_restrict).
 */
int must_check kernel_symbol_find(const char *name, struct kernel_address *ret_address);
