/* SPDX-License-Identifier: MIT */
/*
 * Who holds something outside of what is dumped: the other end of a pipe, a socket, a FIFO.
 *
 * A kind says in its collect what it will ask for (holders_want), and asks in its check (holders_find).
 * Before the checks the driver makes one pass over all processes but those that are dumped, see
 * common/proc/fd_search.h, which also says what cannot be seen. What is wanted later costs another pass.
 */
#pragma once

#include "common/proc/fd_search.h"
#include "dumper/dump.h"

int must_check holders_want(struct dump *dump, const struct fd_object *object);

/* Makes the pass, if anything is wanted that was not looked for yet. All processes of the tree must be known.
 */
int must_check holders_search(struct dump *dump);

/*
 * The holders outside of an object, by pid and number; NULL and 0 if none was seen. Borrowed
 * until the next call of holders_want(). All processes of the tree must be known.
 */
int must_check holders_find(struct dump *dump, const struct fd_object *object,
			    const struct fd_holder **ret_holders, size_t *ret_count);

/*
 * For a message, in the arena: "'tee' (pid 813, fd 0 and 4) and 'sh' (pid 12, fd 3)". The first few; the
 * others as a number. Never NULL.
 */
const char *holders_describe(struct dump *dump, const struct fd_holder *holders, size_t count);

/* For a message after holders_find(): " (3 processes could not be looked at: run cr-dump as root)", or "".
 * Never NULL. */
const char *holders_caveat(struct dump *dump);

void holders_done(struct dump *dump);
