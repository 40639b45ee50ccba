/* SPDX-License-Identifier: MIT */
/* Compiler attributes and small macros that every file may use. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define must_check __attribute__((warn_unused_result))
#define printf_like(format_index, first_index) __attribute__((format(printf, format_index, first_index)))
#define maybe_unused __attribute__((unused))
#define cleanup_(function) __attribute__((cleanup(function)))

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#define MIN(a, b)                                                                                            \
	({                                                                                                   \
		__typeof__(a) min_a_ = (a);                                                                  \
		__typeof__(b) min_b_ = (b);                                                                  \
		min_a_ < min_b_ ? min_a_ : min_b_;                                                           \
	})
#define MAX(a, b)                                                                                            \
	({                                                                                                   \
		__typeof__(a) max_a_ = (a);                                                                  \
		__typeof__(b) max_b_ = (b);                                                                  \
		max_a_ > max_b_ ? max_a_ : max_b_;                                                           \
	})

/* Rounds VALUE up to a multiple of ALIGNMENT, a power of two. */
#define ALIGN_UP(value, alignment) (((value) + ((alignment)-1)) & ~((__typeof__(value))(alignment)-1))

#define PAGE_SIZE_BYTES 4096UL
