/* SPDX-License-Identifier: MIT */
/*
 * The seek table that ends an archive: zstd seekable format, specification 0.1.0. A skippable frame with an
 * entry of 8 bytes for each data frame (compressed size, content size; little endian), then a footer of 9
 * bytes (frame count, descriptor, magic). The descriptor is 0: entries carry no checksum of their own.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/compiler.h"

#define SEEK_TABLE_FRAME_MAGIC 0x184D2A5EU
#define SEEK_TABLE_FOOTER_MAGIC 0x8F92EAB1U
#define SEEK_TABLE_ENTRY_SIZE 8U
#define SEEK_TABLE_FOOTER_SIZE 9U
#define SEEK_TABLE_HEADER_SIZE 8U /* magic and size of the skippable frame */

/* No archive has more data frames than this: 16 TiB of content. */
#define SEEK_TABLE_FRAME_COUNT_MAX (1U << 24)

struct seek_entry {
	uint32_t compressed_size;
	uint32_t content_size;
};

/* A table being built; zeroed at first. */
struct seek_table {
	struct seek_entry *entries; /* owned */
	size_t entries_count;
	size_t entries_capacity;
};

/* -ENOMEM, or -EFBIG when there are too many frames. */
int must_check seek_table_append(struct seek_table *table, struct seek_entry entry);
void seek_table_done(struct seek_table *table);

/* The whole skippable frame in fresh memory, which the caller frees. */
int must_check seek_table_pack(const struct seek_table *table, uint8_t **ret_data, size_t *ret_size);

/* Stands for a list of entries in constant memory: what a streaming reader compares the table with. */
struct seek_digest {
	uint64_t frame_count;
	uint64_t hash;
};

void seek_digest_add(struct seek_digest *digest, struct seek_entry entry);

struct seek_entry seek_entry_parse(const uint8_t data[SEEK_TABLE_ENTRY_SIZE]);

/* True if FOOTER is a footer; then *ret_frame_count is what it says, not yet compared with anything. */
bool seek_footer_parse(const uint8_t footer[SEEK_TABLE_FOOTER_SIZE], uint32_t *ret_frame_count);

/* Where the table of a seekable file lies and what it adds up to. */
struct seek_summary {
	uint64_t start; /* offset of the first frame: the offset at which the fd stood */
	uint64_t table; /* offset of the first entry */
	uint64_t end;   /* size of the file */
	uint64_t content_size;
	uint32_t frame_count;
};

/*
 * Finds the table at the end of FD and adds it up, with pread(2) and in constant memory. -EBADMSG if there is
 * no table, or it does not add up to the size of the file, or a frame has no content or more than
 * FRAME_CONTENT_MAX; *ret_reason then says so (static text). Any other negative errno is a failed read.
 */
int must_check seek_summary_read(int fd, struct seek_summary *ret_summary, const char **ret_reason);

/* The entry of frame INDEX, below frame_count. */
int must_check seek_summary_entry(int fd, const struct seek_summary *summary, uint32_t index,
				  struct seek_entry *ret_entry);
