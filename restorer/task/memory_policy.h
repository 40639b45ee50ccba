/* SPDX-License-Identifier: MIT */
/* Memory policies, besides those of threads. */
#pragma once

#include "common/tracee/batch.h"
#include "format/task/memory.pb-c.h"

/* Adds the call for that of a mapping, if it has one: before there are pages in it. */
void memory_policy_add(struct batch *batch, const Cr__Mapping *mapping);

/*
 * Gives the calling thread that policy (NULL: none): pages that are brought in for another process by writing
 * to them come from where the writer's policy says, but for mappings with one of their own.
 */
void memory_policy_use(const Cr__MemoryPolicy *policy);
