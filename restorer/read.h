/* SPDX-License-Identifier: MIT */
/* Parts of reading an archive that more than the restore itself needs. Failures are logged, with the
 * archive's name. */
#pragma once

#include "format/archive_reader.h"
#include "restorer/restore.h"

/* What to call the input in messages. Borrowed from the options. */
const char *restore_input_name(const struct restore *restore);

/*
 * Opens the input and, if it is seekable, checks that it is not cut off; then *ret_extent (may be NULL) says
 * how large it is, and is all 0 otherwise. Nothing is read yet. restore_read_manifest() does it by itself.
 */
int must_check restore_open(struct restore *restore, struct archive_extent *ret_extent);

/*
 * restore_read_images(), which says also how many members were read, the manifest among them.
 * *ret_first_contents is all 0 when nothing has contents stored; then the archive was read to its end, and is
 * whole.
 */
int must_check restore_count_images(struct restore *restore, struct archive_member *ret_first_contents,
				    size_t *ret_count);

/* What MEMBER, of those behind the images, is named like. */
enum contents_kind {
	CONTENTS_GHOST,
	CONTENTS_MEMORY,
	CONTENTS_OPEN_FILE,
};
enum contents_kind restore_contents_kind(const struct archive_member *member);

/*
 * Whose contents MEMBER holds, marked with has_pages or has_contents. -EBADMSG, logged, if that is none, or
 * has none, or had them already, or their size is wrong.
 */
int must_check restore_find_contents(struct restore *restore, const struct archive_member *member,
				     struct contents *ret_contents);

/* After the last member: -EBADMSG, logged, if there were none for what must have some. */
int must_check restore_check_contents(struct restore *restore);

/*
 * Reads all contents, the first of which are in the member FIRST_PAGES, and the seal, without keeping
 * anything: what is damaged shows. *ret_count is the number of members. Instead of filling memory.
 */
int must_check restore_skim_contents(struct restore *restore, const struct archive_member *first_contents,
				     size_t *ret_count);
