/* SPDX-License-Identifier: MIT */
/* The contents of an open file, which come in pieces of any size, read in those that its kind wants. */
#pragma once

#include "format/archive_reader.h"

struct contents_reader {
	struct archive_reader *reader; /* borrowed; at a member of which nothing was read yet */
	const unsigned char *data;     /* borrowed: what is left of the last piece */
	size_t size;
};

/* Exactly SIZE bytes. -EBADMSG, logged, if the member ends before; others. */
int must_check contents_read(struct contents_reader *contents, void *buffer, size_t size);
