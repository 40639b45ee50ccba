/* SPDX-License-Identifier: MIT */
/* Standard input, output and error, which a caller may have closed. */
#pragma once

#include "common/compiler.h"

/*
 * Fills each of the three that is closed, so that no file opened later gets its number. What is put there
 * cannot be read (input) or written (output): its use fails with EBADF, as it should. 0 or a negative errno.
 * First thing in main().
 */
int must_check standard_fds_init(void);
