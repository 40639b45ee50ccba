/* SPDX-License-Identifier: MIT */
/*
 * Options of a target's socket that are changed for a moment, while its tasks are frozen, and are put back
 * whatever happens to us.
 *
 * A socket's options belong to whoever has the socket, not to a descriptor of it: what we set, the target
 * has. A second process, which shares our descriptors and nothing else, knows what is to be put back, and
 * does it if we are killed in that moment.
 */
#pragma once

#include "common/cleanup.h"
#include "common/compiler.h"

struct option_guard;

/* For a few options at a time. */
int must_check option_guard_new(struct option_guard **ret_guard);
/* For COUNT of them. */
int must_check option_guard_new_for(size_t count, struct option_guard **ret_guard);

/* Puts everything back and ends the other process. */
void option_guard_free(struct option_guard *guard);
DEFINE_FREEP(option_guard, option_guard_free)

/*
 * Sets an int option of FD, which must stay open until option_guard_restore(). A second value for the same
 * option may follow. -ENOBUFS: too many at once.
 */
int must_check option_guard_set(struct option_guard *guard, int fd, int level, int number, int value);

/*
 * Notes that VALUE is to be set, before the caller changes something that this undoes. What was noted last is
 * put back first. -ENOBUFS as above.
 */
int must_check option_guard_note(struct option_guard *guard, int fd, int level, int number, int value);

/* Nothing is to be put back any more. */
void option_guard_forget(struct option_guard *guard);

/* Puts back all that was set. Not to fail: a value that was there can be set. */
void option_guard_restore(struct option_guard *guard);

static inline void option_guard_restorep(struct option_guard **guard)
{
	if (*guard)
		option_guard_restore(*guard);
}
