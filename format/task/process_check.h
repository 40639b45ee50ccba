/* SPDX-License-Identifier: MIT */
/* What a valid image of a process is, as far as its threads and their registers go; each aspect checks its
 * own part. */
#pragma once

#include "common/compiler.h"
#include "format/task/process.pb-c.h"

/* -EBADMSG, logged; -ENOMEM. */
int must_check process_check(const Cr__Process *process);
