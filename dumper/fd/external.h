/* SPDX-License-Identifier: MIT */
/* Open files that lead out of what is dumped, by consent: --external and --stdio. */
#pragma once

#include "dumper/fd/fd_dumper.h"
#include "format/fd/external.h"

/* The user has named it by --external. */
bool external_is_wanted(const struct dump *dump, const struct fd_info *info);

/*
 * For a kind that has found out that FILE leads outside, or cannot be preserved: 1 if that does not matter,
 * for the user wants it to be inherited (--stdio) and it was a standard descriptor. It is of the kind
 * external then, and of no other.
 */
int must_check external_take_standard(struct dump *dump, struct open_file *file);

/* The same for a check that has added blockers since there were COUNT, which are dropped then. */
int must_check external_settle(struct dump *dump, struct open_file *file, size_t count);

/*
 * For a refusal, in the arena: "give --external pipe[4711], and another in its place at restore
 * (--inherit-fd)", and
 * --stdio if FILE is a standard descriptor. TYPE is EXTERNAL_UNIX or EXTERNAL_PIPE. Never NULL.
 */
/* "--external pipe[4711]", in the arena; NULL if memory is short. */
const char *external_option(struct dump *dump, const struct open_file *file, enum external_type type);
const char *external_advice(struct dump *dump, const struct open_file *file, enum external_type type);

extern const struct fd_dumper external_fd_dumper;
