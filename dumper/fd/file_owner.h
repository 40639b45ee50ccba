/* SPDX-License-Identifier: MIT */
/* Who gets the signals of an open file: F_SETOWN and F_SETSIG, fcntl(2). */
#pragma once

#include "dumper/dump.h"
#include "dumper/fd/fd_info.h"

/* Sets image->owner, NULL if there is none. Logs. */
int must_check file_owner_collect(struct dump *dump, const struct fd_info *info, Cr__OpenFile *image);
