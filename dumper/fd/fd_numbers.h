/* SPDX-License-Identifier: MIT */
/* Which descriptors a frozen process may have. */
#pragma once

#include "dumper/dump.h"

struct fd_numbers {
	int *numbers; /* ascending; owned */
	size_t count;
	size_t open_count; /* so many of them are open, at most */
	bool are_guessed;  /* others are not: they turn out to be none when they are looked at */
};

/* A negative errno, not logged. */
int must_check fd_numbers_read(const struct process *process, struct fd_numbers *ret);
/* Whether FOUND_COUNT are all: -EIO if not, not logged. */
int must_check fd_numbers_check(const struct process *process, const struct fd_numbers *numbers,
				size_t found_count);
void fd_numbers_done(struct fd_numbers *numbers);
