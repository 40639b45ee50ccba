/* SPDX-License-Identifier: MIT */
/* The members of an archive, in order: what the writer seals and the reader compares with the seal. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/compiler.h"

/* Limits of the format. A seal with all of them in it stays below ARCHIVE_SEAL_SIZE_MAX. */
#define ARCHIVE_MEMBER_COUNT_MAX (1U << 18)
#define ARCHIVE_MEMBER_NAME_MAX 100U
#define ARCHIVE_MEMBER_SIZE_MAX ((uint64_t)1 << 44)
#define ARCHIVE_SEAL_SIZE_MAX ((size_t)32 << 20)

#define ARCHIVE_SEAL_NAME "seal.pb"

struct archive_member_record {
	char *name; /* owned */
	uint64_t size;
};

/* Zeroed at first. */
struct archive_members {
	struct archive_member_record *items; /* owned */
	size_t items_count;
	size_t items_capacity;
};

/*
 * True for a relative path of letters, digits and "._-/", 1 to ARCHIVE_MEMBER_NAME_MAX bytes long, without
 * empty, "." or ".." components: such a name is safe wherever it is unpacked or shown.
 */
bool archive_member_name_check(const char *name);

/* -ENOMEM; -EFBIG when there are too many. */
int must_check archive_members_append(struct archive_members *members, const char *name, uint64_t size);
void archive_members_done(struct archive_members *members);

/* The packed seal of MEMBERS in fresh memory, which the caller frees. */
int must_check archive_members_seal(const struct archive_members *members, void **ret_data, size_t *ret_size);

/*
 * 0 if the SIZE bytes at DATA are a seal that lists exactly MEMBERS; else -EBADMSG, and *ret_reason says why
 * (static text); or -ENOMEM.
 */
int must_check archive_members_check_seal(const struct archive_members *members, const void *data,
					  size_t size, const char **ret_reason);
