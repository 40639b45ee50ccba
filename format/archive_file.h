/* SPDX-License-Identifier: MIT */
/*
 * The file an archive is written to, which appears under its name only when it is complete, and the file it
 * is read from.
 *
 * A regular file is made without a name where the file system can (O_TMPFILE), so that nothing is left even
 * after SIGKILL; elsewhere as ".NAME.PID.partial" beside it. An existing regular file is replaced in one
 * step. What exists and is not a regular file (/dev/null, a FIFO) is written to directly, and so is standard
 * output. All failures are logged.
 */
#pragma once

#include <stdbool.h>

#include "common/cleanup.h"
#include "common/compiler.h"

struct archive_file;

/* PATH "-" is standard output; a terminal is refused (-EINVAL). Opening a FIFO waits for its reader. */
int must_check archive_file_create(const char *path, struct archive_file **ret_file);

/* Borrowed until the file is freed. */
int archive_file_fd(const struct archive_file *file);

/* What to call it in messages: PATH, or "standard output". Borrowed until the file is freed. */
const char *archive_file_name(const struct archive_file *file);

/* Syncs the contents, puts the file under its name, syncs the directory. At most once. */
int must_check archive_file_commit(struct archive_file *file);

/* Without a commit before, nothing is left of the file. */
void archive_file_free(struct archive_file *file);
DEFINE_FREEP(archive_file, archive_file_free)

/*
 * Opens PATH, or standard input for "-". *ret_is_seekable: a regular file, which
 * archive_reader_check_complete() can look at.
 */
int must_check archive_file_open_input(const char *path, int *ret_fd, bool *ret_is_seekable);
