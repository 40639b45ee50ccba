/* SPDX-License-Identifier: MIT */
/* What a valid open file description is, whatever its kind. */
#pragma once

#include <fcntl.h>

#include "common/compiler.h"
#include "format/fd/open_file.pb-c.h"

/* As the kernel shows it; the O_LARGEFILE of a 64-bit libc is 0. */
#define OPEN_FILE_LARGE 0100000

/* O_TMPFILE without the O_DIRECTORY in it: was made without a name. Means nothing after the open. */
#define OPEN_FILE_NAMELESS (O_TMPFILE & ~O_DIRECTORY)

/* All flags that an open file description can be made with again; O_EXCL is PIDFD_THREAD, pidfd_open(2). */
#define OPEN_FILE_FLAGS                                                                                      \
	(O_ACCMODE | O_APPEND | O_NONBLOCK | O_SYNC | O_ASYNC | O_DIRECT | OPEN_FILE_LARGE | O_DIRECTORY |   \
	 O_NOFOLLOW | O_NOATIME | O_PATH | O_EXCL | OPEN_FILE_NAMELESS)

/* 0, or -EBADMSG and why in *ret_reason (static text). The entry is the kind's to check. */
int must_check open_file_check(const Cr__OpenFile *file, const char **ret_reason);

/* The id of the description at a number, in a table whose descriptors are sorted by number; 0: there is none.
 */
uint32_t descriptor_table_get(const Cr__DescriptorTable *table, int fd);
