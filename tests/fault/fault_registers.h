/* SPDX-License-Identifier: MIT */
/* Holds known values in every register for a while and looks whether they are still there. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Offsets are known to fault_registers.S. */
struct register_values {
	uint64_t general[15]; /* rax rbx rcx rdx rsi rdi rbp r8..r15; rcx is 0 at the end */
	uint64_t flags;       /* as lahf gives them */
	uint64_t mxcsr;
	uint64_t red_zone[16];
	uint8_t vectors[16][32];
} __attribute__((aligned(32)));

struct register_bank {
	struct register_values given, found;
	uint64_t turns; /* how long, in turns of an empty loop */
	uint64_t has_avx;
} __attribute__((aligned(32)));

_Static_assert(offsetof(struct register_values, vectors) == 264 && sizeof(struct register_values) == 800 &&
		       offsetof(struct register_bank, turns) == 1600,
	       "the layout that fault_registers.S relies on");

void register_bank_hold(struct register_bank *bank);
