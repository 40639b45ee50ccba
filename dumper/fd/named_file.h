/* SPDX-License-Identifier: MIT */
/* What the kinds share that are opened again by their path. */
#pragma once

#include "dumper/fd/fd_dumper.h"

/*
 * Makes the entry, a Cr__NamedFile, and notes the file as required at restore. Adds a blocker unless the path
 * leads to that very file, from our root and without symbolic links.
 */
int must_check named_file_collect(struct dump *dump, const struct process *process,
				  const struct fd_info *info, struct open_file *file);
