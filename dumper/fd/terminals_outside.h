/* SPDX-License-Identifier: MIT */
/* Terminals, and ends of them, that are not all in the tree; and the sessions whose controlling terminals
 * they are. */
#pragma once

#include "dumper/fd/terminals.h"

/* Before the others: finds out who has terminals open. */
int must_check terminals_outside_begin(struct dump *dump);

/* A terminal without a master in the tree, not hung up: it is the shell's, or a device, or refused. */
int must_check terminals_outside_end(struct dump *dump, struct terminal_end *end);

/* A master in the tree: refused if anybody outside has it or its slave too. */
int must_check terminals_outside_master(struct dump *dump, const struct terminal_end *master);

/* Notes the controlling terminal of each process in its image. All ends must have been joined. */
int must_check terminals_check_sessions(struct dump *dump);
