/* SPDX-License-Identifier: MIT */
/* What a valid image of an address space is: a message that passes can be used without further checks of its
 * numbers. */
#pragma once

#include <stdint.h>

#include "common/compiler.h"
#include "format/task/memory.pb-c.h"

/* The first address that user space cannot have, with four levels of page tables. */
#define MEMORY_ADDRESS_LIMIT 0x7ffffffff000UL

/*
 * -EBADMSG, logged, unless mappings are aligned, in order, apart from each other and below
 * MEMORY_ADDRESS_LIMIT; their files exist; runs are in order, apart from each other and covered by mappings;
 * and the rest is in its limits.
 */
int must_check memory_check(const Cr__Memory *memory);

/* Bytes of page contents that belong to a checked image. */
uint64_t memory_page_bytes(const Cr__Memory *memory);
