/* SPDX-License-Identifier: MIT */
/* The files that the processes have mapped, each open once, under the same number here and in all puppets. */
#pragma once

#include "restorer/restore.h"

/* Opens what all tasks map: before the first puppet is made, so that each inherits the descriptors. */
int must_check mapped_files_open(struct restore *restore);

void mapped_files_done(struct restore *restore);
