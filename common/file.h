/* SPDX-License-Identifier: MIT */
/* Whole-file reads and writes, and reads and writes that do not stop half-way. All return 0 or a negative
 * errno. */
#pragma once

#include <sys/types.h>

#include "common/compiler.h"

/*
 * Reads FD from its current offset to the end, at most LIMIT bytes (-EFBIG beyond), into fresh memory that
 * the caller frees. A '\0' follows the data and is not counted in *ret_size (which may be NULL).
 */
int must_check file_read_fd(int fd, size_t limit, char **ret_text, size_t *ret_size);

/* The same for PATH below the directory DIRECTORY_FD (AT_FDCWD for the working directory). */
int must_check file_read_at(int directory_fd, const char *path, size_t limit, char **ret_text,
			    size_t *ret_size);

/* The target of the symbolic link PATH below DIRECTORY_FD, whatever its length; the caller frees it. */
int must_check file_readlink_at(int directory_fd, const char *path, char **ret_target);

/* Writes TEXT to PATH below DIRECTORY_FD, which must exist. For files of /proc: one write(2). */
int must_check file_write_at(int directory_fd, const char *path, const char *text);

/* Moves exactly SIZE bytes; -ENODATA if a read meets the end of the file before that. */
int must_check file_read_full(int fd, void *buffer, size_t size);
int must_check file_pread_full(int fd, void *buffer, size_t size, off_t offset);
int must_check file_write_full(int fd, const void *buffer, size_t size);
int must_check file_pwrite_full(int fd, const void *buffer, size_t size, off_t offset);

/* Lets this process have as many descriptors as it may: RLIMIT_NOFILE. */
int must_check file_raise_limit(void);

/* 1 if PATH leads to the file of ST without symbolic links, 0 if to another, or a negative errno. Opens
 * nothing. */
struct stat;
int must_check file_leads_to(const char *path, const struct stat *st);

/* snprintf into fresh memory; NULL when memory is short. */
char *string_format(const char *format, ...) printf_like(1, 2);
