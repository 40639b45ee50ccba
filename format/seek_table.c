/* SPDX-License-Identifier: MIT */
/* Building, writing and checking the seek table. */
#include "format/seek_table.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/vector.h"
#include "format/frames.h"

static void put_le32(uint8_t *to, uint32_t value)
{
	value = htole32(value);
	memcpy(to, &value, sizeof(value));
}

static uint32_t get_le32(const uint8_t *from)
{
	uint32_t value;

	memcpy(&value, from, sizeof(value));
	return le32toh(value);
}

int seek_table_append(struct seek_table *table, struct seek_entry entry)
{
	struct seek_entry *added;

	if (table->entries_count >= SEEK_TABLE_FRAME_COUNT_MAX)
		return -EFBIG;
	added = vector_append(table, entries);
	if (!added)
		return -ENOMEM;
	*added = entry;
	return 0;
}

void seek_table_done(struct seek_table *table)
{
	free(table->entries);
	*table = (struct seek_table){};
}

int seek_table_pack(const struct seek_table *table, uint8_t **ret_data, size_t *ret_size)
{
	size_t payload = table->entries_count * SEEK_TABLE_ENTRY_SIZE + SEEK_TABLE_FOOTER_SIZE;
	uint8_t *data = malloc(SEEK_TABLE_HEADER_SIZE + payload);
	uint8_t *at = data;

	if (!data)
		return -ENOMEM;
	put_le32(at, SEEK_TABLE_FRAME_MAGIC);
	put_le32(at + 4, (uint32_t)payload);
	at += SEEK_TABLE_HEADER_SIZE;
	for (size_t i = 0; i < table->entries_count; i++) {
		put_le32(at, table->entries[i].compressed_size);
		put_le32(at + 4, table->entries[i].content_size);
		at += SEEK_TABLE_ENTRY_SIZE;
	}
	put_le32(at, (uint32_t)table->entries_count);
	at[4] = 0;
	put_le32(at + 5, SEEK_TABLE_FOOTER_MAGIC);
	*ret_data = data;
	*ret_size = SEEK_TABLE_HEADER_SIZE + payload;
	return 0;
}

void seek_digest_add(struct seek_digest *digest, struct seek_entry entry)
{
	uint64_t value = (uint64_t)entry.compressed_size << 32 | entry.content_size;

	/* Each step is a bijection of the hash for a given entry: a single changed entry always shows. */
	digest->hash = (digest->hash ^ value) * 0x9E3779B97F4A7C15U;
	digest->hash ^= digest->hash >> 29;
	digest->frame_count++;
}

struct seek_entry seek_entry_parse(const uint8_t data[SEEK_TABLE_ENTRY_SIZE])
{
	return (struct seek_entry){.compressed_size = get_le32(data), .content_size = get_le32(data + 4)};
}

bool seek_footer_parse(const uint8_t footer[SEEK_TABLE_FOOTER_SIZE], uint32_t *ret_frame_count)
{
	if (footer[4] != 0 || get_le32(footer + 5) != SEEK_TABLE_FOOTER_MAGIC)
		return false;
	*ret_frame_count = get_le32(footer);
	return true;
}

/* Adds up the entries; *ret_reason as in seek_summary_read(). */
static int summary_add_up(int fd, struct seek_summary *summary, const char **ret_reason)
{
	uint8_t chunk[SEEK_TABLE_ENTRY_SIZE * 1024];
	uint64_t compressed_size = 0;
	uint32_t left = summary->frame_count;
	uint64_t offset = summary->table;

	while (left > 0) {
		uint32_t count = MIN(left, 1024U);
		int r = file_pread_full(fd, chunk, count * SEEK_TABLE_ENTRY_SIZE, (off_t)offset);

		if (r < 0)
			return r;
		for (uint32_t i = 0; i < count; i++) {
			struct seek_entry entry = seek_entry_parse(chunk + i * SEEK_TABLE_ENTRY_SIZE);

			if (entry.content_size == 0 || entry.content_size > FRAME_CONTENT_MAX) {
				*ret_reason = "its seek table holds a frame of an impossible size";
				return -EBADMSG;
			}
			compressed_size += entry.compressed_size;
			summary->content_size += entry.content_size;
		}
		offset += count * SEEK_TABLE_ENTRY_SIZE;
		left -= count;
	}
	if (summary->start + compressed_size + SEEK_TABLE_HEADER_SIZE != summary->table) {
		*ret_reason = "its seek table does not agree with its size";
		return -EBADMSG;
	}
	return 0;
}

int seek_summary_read(int fd, struct seek_summary *ret_summary, const char **ret_reason)
{
	struct seek_summary summary = {};
	uint8_t bytes[SEEK_TABLE_FOOTER_SIZE];
	uint64_t table_size;
	struct stat status;
	off_t start;
	int r;

	start = lseek(fd, 0, SEEK_CUR);
	if (start < 0 || fstat(fd, &status) < 0)
		return -errno;
	summary.start = (uint64_t)start;
	summary.end = (uint64_t)status.st_size;
	*ret_reason = "it ends without a seek table";
	if (summary.end < summary.start + SEEK_TABLE_HEADER_SIZE + SEEK_TABLE_FOOTER_SIZE)
		return -EBADMSG;
	r = file_pread_full(fd, bytes, sizeof(bytes), (off_t)(summary.end - sizeof(bytes)));
	if (r < 0)
		return r;
	if (!seek_footer_parse(bytes, &summary.frame_count))
		return -EBADMSG;
	*ret_reason = "its seek table does not agree with its size";
	table_size = (uint64_t)summary.frame_count * SEEK_TABLE_ENTRY_SIZE + SEEK_TABLE_FOOTER_SIZE;
	if (summary.frame_count == 0 || summary.frame_count > SEEK_TABLE_FRAME_COUNT_MAX ||
	    table_size + SEEK_TABLE_HEADER_SIZE > summary.end - summary.start)
		return -EBADMSG;
	summary.table = summary.end - table_size;
	r = file_pread_full(fd, bytes, SEEK_TABLE_HEADER_SIZE,
			    (off_t)(summary.table - SEEK_TABLE_HEADER_SIZE));
	if (r < 0)
		return r;
	if (get_le32(bytes) != SEEK_TABLE_FRAME_MAGIC || get_le32(bytes + 4) != table_size)
		return -EBADMSG;
	r = summary_add_up(fd, &summary, ret_reason);
	if (r < 0)
		return r;
	*ret_summary = summary;
	return 0;
}

int seek_summary_entry(int fd, const struct seek_summary *summary, uint32_t index,
		       struct seek_entry *ret_entry)
{
	uint8_t bytes[SEEK_TABLE_ENTRY_SIZE];
	int r = file_pread_full(fd, bytes, sizeof(bytes),
				(off_t)(summary->table + (uint64_t)index * SEEK_TABLE_ENTRY_SIZE));

	if (r < 0)
		return r;
	*ret_entry = seek_entry_parse(bytes);
	return 0;
}
