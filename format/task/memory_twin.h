/* SPDX-License-Identifier: MIT */
/*
 * Pages that a process has in common with its parent since fork(2), neither having written to them.
 *
 * They lie in mappings that both have alike, or had: the child's may be a part of the parent's, or have grown
 * at its end. Memory.parent_pages lists them, and nothing of them is stored with the child.
 */
#pragma once

#include <stdbool.h>

#include "common/compiler.h"
#include "format/task/memory.pb-c.h"

/*
 * The end of the part, from its start on, of mapping number INDEX of CHILD that lies in a mapping of PARENT
 * which is like it but for protection, locks and seals; 0: there is none. *POSITION starts at 0 and moves
 * along while INDEX ascends.
 */
uint64_t memory_twin_end(const Cr__Memory *parent, const Cr__Memory *child, size_t index, size_t *position);

/* -EBADMSG, logged, unless every page that CHILD has from PARENT lies in such a part. */
int must_check memory_check_twins(const Cr__Memory *parent, const Cr__Memory *child);
