/* SPDX-License-Identifier: MIT */
/* Puts into a pipe what was in it, buffer by buffer. */
#pragma once

#include "format/archive_reader.h"
#include "format/fd/pipe.pb-c.h"

/*
 * Fills the empty pipe behind WRITE_FD, which has a reader, with the open member of READER, in the buffers of
 * STATE, which is checked. Each takes a slot as before; one that is larger than a slot takes several. Logs.
 */
int must_check pipe_contents_fill(struct archive_reader *reader, const Cr__PipeState *state, int write_fd);
