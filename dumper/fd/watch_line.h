/* SPDX-License-Identifier: MIT */
/* What inotify instances and fanotify groups tell of the files that they watch, in /proc/PID/fdinfo. */
#pragma once

#include "common/proc/cursor.h"
#include "dumper/watched_file.h"

/* " fhandle-bytes:8 fhandle-type:1 f_handle:...", or nothing. -EBADMSG. */
int must_check watched_file_parse_handle(struct cursor *cursor, struct watched_file *file);

/* A file without a path can be watched through whoever has it open: the id of that open file, or 0. */
uint32_t watched_file_find_open(const struct dump *dump, const struct watched_file *watched,
				const struct watched_place *place);

/* Below "/proc/PID": another one after a restore. */
bool watched_path_is_of_process(const char *path);
