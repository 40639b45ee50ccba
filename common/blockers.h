/* SPDX-License-Identifier: MIT */
/*
 * Reasons to refuse, collected so that a user sees all of them at once. Each says what it is, where (the log
 * scopes in force are put in front), why, and what can be done.
 */
#pragma once

#include <stdbool.h>

#include "common/compiler.h"

struct blockers {
	char **texts;
	size_t texts_count;
	size_t texts_capacity;
	bool is_incomplete; /* memory was short for one */
};

void blockers_done(struct blockers *blockers);
void blockers_add(struct blockers *blockers, const char *format, ...) printf_like(2, 3);
/* Drops those that were added when there were COUNT already: what they are about has been settled otherwise.
 */
void blockers_truncate(struct blockers *blockers, size_t count);
static inline bool blockers_any(const struct blockers *blockers)
{
	return blockers->texts_count > 0 || blockers->is_incomplete;
}
/* Logs each as an error. Returns how many. */
size_t blockers_report(const struct blockers *blockers);
