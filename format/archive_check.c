/* SPDX-License-Identifier: MIT */
/* Looks for the seal from the last frame backwards. */
#include "format/archive_check.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/log.h"
#include "format/archive_members.h"
#include "format/seek_table.h"

#define TAR_BLOCK_SIZE 512U
#define TAR_END_SIZE (2 * TAR_BLOCK_SIZE)

/* Where the fields stand in a ustar header. */
#define TAR_SIZE_OFFSET 124U
#define TAR_SIZE_LENGTH 11U
#define TAR_MAGIC_OFFSET 257U

/* So many frames may the seal and the tar's end take. */
#define SEAL_FRAME_COUNT_MAX (ARCHIVE_SEAL_SIZE_MAX / FRAME_CONTENT_SIZE + 2)

/* True if CONTENT starts with the header of a seal with which exactly SIZE bytes of tar end. */
static bool starts_with_seal(const struct frame_buffer *content, uint64_t size)
{
	const char *header = (const char *)content->data;
	uint64_t seal_size = 0;

	if (content->size < TAR_BLOCK_SIZE ||
	    memcmp(header, ARCHIVE_SEAL_NAME, sizeof(ARCHIVE_SEAL_NAME)) != 0 ||
	    memcmp(header + TAR_MAGIC_OFFSET, "ustar", 5) != 0)
		return false;
	for (size_t i = 0; i < TAR_SIZE_LENGTH; i++) {
		char digit = header[TAR_SIZE_OFFSET + i];

		if (digit < '0' || digit > '7')
			return false;
		seal_size = seal_size * 8 + (uint64_t)(digit - '0');
	}
	return TAR_BLOCK_SIZE + ALIGN_UP(seal_size, (uint64_t)TAR_BLOCK_SIZE) + TAR_END_SIZE == size;
}

/* Reads and undoes the frame at OFFSET; -EBADMSG is not logged. */
static int load_frame(int fd, uint64_t offset, struct seek_entry entry,
		      struct frame_decompressor *decompressor, struct frame *frame)
{
	int r;

	if (entry.compressed_size > frame_compressed_bound(entry.content_size))
		return -EBADMSG;
	frame->offset = offset;
	r = frame_buffer_reserve(&frame->compressed, entry.compressed_size);
	if (r < 0)
		return r;
	r = file_pread_full(fd, frame->compressed.data, entry.compressed_size, (off_t)offset);
	if (r < 0)
		return r;
	frame->compressed.size = entry.compressed_size;
	r = frame_decompress(decompressor, frame);
	if (r < 0)
		return r;
	return frame->content.size == entry.content_size ? 0 : -EBADMSG;
}

/* Looks for the seal from the last frame backwards. -EBADMSG is not logged. */
static int find_seal(int fd, const struct seek_summary *summary, struct frame_decompressor *decompressor)
{
	cleanup_(frame_done) struct frame frame = {};
	uint64_t offset = summary->table - SEEK_TABLE_HEADER_SIZE;
	uint64_t size = 0;
	int r;

	for (uint32_t i = 0; i < MIN(summary->frame_count, (uint32_t)SEAL_FRAME_COUNT_MAX); i++) {
		struct seek_entry entry;

		r = seek_summary_entry(fd, summary, summary->frame_count - 1 - i, &entry);
		if (r < 0)
			return r;
		/* The sizes add up to where the first frame starts, so this stays inside the file. */
		offset -= entry.compressed_size;
		size += entry.content_size;
		r = load_frame(fd, offset, entry, decompressor, &frame);
		if (r < 0)
			return r;
		if (starts_with_seal(&frame.content, size))
			return 0;
	}
	return -EBADMSG;
}

/* True if FD starts with the magic of a zstd data frame. */
static int check_start(int fd, uint64_t start)
{
	static const uint8_t magic[] = {0x28, 0xB5, 0x2F, 0xFD};
	uint8_t bytes[sizeof(magic)];
	int r = file_pread_full(fd, bytes, sizeof(bytes), (off_t)start);

	if (r < 0 && r != -ENODATA)
		return r;
	return r == 0 && memcmp(bytes, magic, sizeof(magic)) == 0;
}

int archive_check_complete(int fd, struct frame_decompressor *decompressor, struct archive_extent *ret_extent)
{
	struct seek_summary summary = {};
	const char *reason = "it ends without its seal";
	off_t start = lseek(fd, 0, SEEK_CUR);
	int r;

	if (start < 0)
		return log_error_errno(-errno, "cannot find the end of the archive");
	r = check_start(fd, (uint64_t)start);
	if (r == 0) {
		log_error("not a cr archive (no zstd frame at the start)");
		return -EBADMSG;
	}
	if (r > 0)
		r = seek_summary_read(fd, &summary, &reason);
	if (r == 0) {
		reason = "it ends without its seal";
		r = find_seal(fd, &summary, decompressor);
	}
	if (r == -EBADMSG)
		log_error("the archive is cut off or damaged: %s", reason);
	else if (r < 0)
		log_error_errno(r, "cannot read the end of the archive");
	if (r < 0)
		return r;
	if (ret_extent)
		*ret_extent = (struct archive_extent){
			.size = summary.end - summary.start,
			.content_size = summary.content_size,
			.frame_count = summary.frame_count,
		};
	return 0;
}
