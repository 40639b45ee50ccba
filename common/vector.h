/* SPDX-License-Identifier: MIT */
/*
 * Growing arrays kept as the triple ITEMS, ITEMS_count, ITEMS_capacity in the struct that owns them.
 * Memory is zeroed when it is grown; the owner frees ITEMS with free(3).
 */
#pragma once

#include <errno.h>

#include "common/compiler.h"

/* Makes room for NEED items of SIZE bytes; 0 or -ENOMEM, then nothing has changed. */
int must_check vector_reserve(void **items, size_t *capacity, size_t need, size_t size);

/* A pointer to a new, zeroed last element of OWNER->ITEMS, or NULL when memory is short. */
#define vector_append(owner, items)                                                                          \
	(vector_reserve((void **)&(owner)->items, &(owner)->items##_capacity, (owner)->items##_count + 1,    \
			sizeof(*(owner)->items)) < 0                                                         \
		 ? NULL                                                                                      \
		 : &(owner)->items[(owner)->items##_count++])
