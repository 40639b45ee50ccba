/* SPDX-License-Identifier: MIT */
/*
 * All open file descriptions of one pipe or FIFO in the tree, and the check of them as a whole: does anything
 * outside have it as well, and can what is in it be stored?
 */
#pragma once

#include "common/proc/fd_search.h"
#include "dumper/fd/pipe_ends.h"
#include "dumper/fd/pipe_peek.h"

struct pipe_group {
	struct dump *dump;
	struct pipe_end **ends; /* by id; borrowed */
	size_t count;
	struct pipe_end *reader, *writer; /* the first that can read, and write; NULL: none in the tree */
	struct pipe_end *first;           /* the one that has the state */
};

/* Completes the entries, and the size of the contents. Adds blockers, with scopes of its own. */
int must_check pipe_group_check(struct pipe_group *group, struct pipe_peek *peek);

/* How to look for its holders outside. */
struct fd_object pipe_end_object(const struct pipe_end *end);

/* "read end", "write end", "both ends", "path only" */
const char *pipe_end_word(uint32_t flags);

/*
 * A descriptor to look into the pipe with: another for the description of OUR_FD if that can read. Else
 * nobody in the tree can, and the pipe is opened anew, of which nobody hears but ends with O_ASYNC. Silent.
 */
int must_check pipe_end_open_for_reading(const struct pipe_end *end, int our_fd, int *ret_fd);
