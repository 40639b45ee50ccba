/* SPDX-License-Identifier: MIT */
/* Open files that lead out of what is dumped, and the keys by which people name them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/compiler.h"
#include "format/fd/external.pb-c.h"
#include "format/fd/open_file.pb-c.h"
#include "format/manifest.pb-c.h"

/* The bits of External.standard: standard input, output and error. */
#define EXTERNAL_STANDARD_ALL 7U

enum external_type {
	EXTERNAL_UNIX, /* unix(7) sockets, by inode */
	EXTERNAL_PIPE, /* by inode */
	EXTERNAL_FILE, /* by the id of the mount, and inode */
	EXTERNAL_TTY,  /* by st_rdev and st_dev, as the kernel writes them */
};

struct external_key {
	enum external_type type;
	uint64_t first, second; /* only files and terminals have a second number */
};

#define EXTERNAL_KEY_SIZE 64

/*
 * "unix[4711]", and as /proc and others write it "unix:[4711]", "socket[4711]", "socket:[4711]";
 * "pipe[4711]", "pipe:[4711]"; "file[1c:a3f]", "tty[8803:1b]". -EINVAL if it is none of these. Silent.
 */
int must_check external_key_parse(const char *text, struct external_key *ret_key);

/* In the first of these forms. Returns BUFFER. */
const char *external_key_format(const struct external_key *key, char buffer[EXTERNAL_KEY_SIZE]);

static inline bool external_key_equals(const struct external_key *left, const struct external_key *right)
{
	return left->type == right->type && left->first == right->first && left->second == right->second;
}

/* 0, or -EBADMSG and why (static text). */
int must_check external_check(const Cr__OpenFile *file, const Cr__External *external,
			      const char **ret_reason);
int must_check external_file_check(const Cr__ExternalFile *external, const char **ret_reason);
