/* SPDX-License-Identifier: MIT */
/* Memory policies in an archive. */
#pragma once

#include <stdbool.h>

#include "common/compiler.h"
#include "format/task/memory_policy.pb-c.h"

/* More nodes than any kernel has: MAX_NUMNODES. */
#define MEMORY_POLICY_NODES_MAX 1024

/* -EBADMSG, logged, unless it is one that a kernel may be asked for. NULL is: there is none. */
int must_check memory_policy_check(const Cr__MemoryPolicy *policy);

bool memory_policy_is_same(const Cr__MemoryPolicy *left, const Cr__MemoryPolicy *right);

/* What mbind(2) and set_mempolicy(2) want as the length of its mask. */
uint64_t memory_policy_max_node(const Cr__MemoryPolicy *policy);
