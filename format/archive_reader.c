/* SPDX-License-Identifier: MIT */
/* The tar inside the frames, read by libarchive and held against the seal. */
#include "format/archive_reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "format/archive_check.h"
#include "format/archive_members.h"
#include "format/frame_reader.h"
#include "format/message.h"

#define TAR_BLOCK_SIZE 512U
#define TAR_END_SIZE (2 * TAR_BLOCK_SIZE)

struct archive_reader {
	int fd; /* borrowed */
	struct frame_reader *frames;
	struct archive *tar;
	struct archive_members members;
	uint64_t member_size;
	uint64_t member_read;
	bool is_open;      /* libarchive has read the first bytes */
	bool is_truncated; /* the frames ended */
	bool is_done;      /* the seal was checked */
	int error;
};

static int reader_fail(struct archive_reader *reader, int error)
{
	if (reader->error == 0)
		reader->error = error;
	return reader->error;
}

/* Logs why the archive is bad, unless an error was logged before. */
static int printf_like(2, 3) bad_archive(struct archive_reader *reader, const char *format, ...)
{
	va_list arguments;
	char text[256];

	if (reader->error < 0)
		return reader->error;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	log_error("%s", text);
	return reader_fail(reader, -EBADMSG);
}

static int out_of_memory(struct archive_reader *reader)
{
	if (reader->error < 0)
		return reader->error;
	log_error_errno(-ENOMEM, "cannot read the archive");
	return reader_fail(reader, -ENOMEM);
}

static int cut_off(struct archive_reader *reader)
{
	return bad_archive(reader, "the archive is cut off: it ends at byte %" PRIu64 " without its seal",
			   frame_reader_end_offset(reader->frames));
}

/* After libarchive failed, which may be because a frame could not be read; that is logged already. */
static int tar_fail(struct archive_reader *reader)
{
	const char *text = archive_error_string(reader->tar);

	if (reader->error < 0)
		return reader->error;
	if (archive_errno(reader->tar) == ENOMEM)
		return out_of_memory(reader);
	if (reader->is_truncated)
		return cut_off(reader);
	return bad_archive(reader, "the archive is damaged, or not one of cr: %s",
			   text ? text : "not a tar inside");
}

static la_ssize_t read_from_frames(struct archive *tar, void *client, const void **ret_data)
{
	struct archive_reader *reader = client;
	size_t size;
	int r = frame_reader_next(reader->frames, ret_data, &size);

	if (r < 0) {
		reader_fail(reader, r);
		archive_set_error(tar, -r, "%s", strerror(-r));
		return -1;
	}
	if (size == 0)
		reader->is_truncated = true;
	return (la_ssize_t)size;
}

int archive_reader_new(int fd, unsigned thread_count, struct archive_reader **ret_reader)
{
	cleanup_(archive_reader_freep) struct archive_reader *reader = calloc(1, sizeof(*reader));
	int r;

	if (!reader)
		return log_error_errno(-ENOMEM, "cannot read the archive");
	reader->fd = fd;
	reader->tar = archive_read_new();
	if (!reader->tar || archive_read_support_format_tar(reader->tar) != ARCHIVE_OK)
		return out_of_memory(reader);
	r = frame_reader_new(fd, thread_count, &reader->frames);
	if (r < 0)
		return r;
	*ret_reader = take_ptr(reader);
	return 0;
}

int archive_reader_check_complete(struct archive_reader *reader, struct archive_extent *ret_extent)
{
	return archive_check_complete(reader->fd, frame_reader_decompressor(reader->frames), ret_extent);
}

void archive_reader_pause(struct archive_reader *reader)
{
	frame_reader_pause(reader->frames);
}

int archive_reader_resume(struct archive_reader *reader)
{
	return frame_reader_resume(reader->frames);
}

void archive_reader_free(struct archive_reader *reader)
{
	if (!reader)
		return;
	archive_read_free(reader->tar);
	frame_reader_free(reader->frames);
	archive_members_done(&reader->members);
	free(reader);
}

/* Opening the tar reads its first bytes, so it waits for the first call that needs them. */
static int tar_open_once(struct archive_reader *reader)
{
	if (reader->is_open)
		return 0;
	reader->is_open = true;
	if (archive_read_open(reader->tar, reader, NULL, read_from_frames, NULL) != ARCHIVE_OK)
		return tar_fail(reader);
	return 0;
}

/* Only plain files are members: no links, devices, holes, extended attributes or access lists. */
static bool entry_is_plain(struct archive_entry *entry)
{
	return archive_entry_filetype(entry) == AE_IFREG && !archive_entry_hardlink(entry) &&
	       !archive_entry_symlink(entry) && archive_entry_size_is_set(entry) &&
	       archive_entry_sparse_count(entry) == 0 && archive_entry_xattr_count(entry) == 0;
}

/* Reads the next tar header. 1: *ret_member is filled in; 0: the tar's end. */
static int next_header(struct archive_reader *reader, struct archive_member *ret_member)
{
	struct archive_entry *entry;
	const char *name;
	la_int64_t size;
	int r = archive_read_next_header(reader->tar, &entry);

	if (r == ARCHIVE_EOF)
		return 0;
	if (r != ARCHIVE_OK)
		return tar_fail(reader);
	name = archive_entry_pathname(entry);
	size = archive_entry_size(entry);
	if (!name || !archive_member_name_check(name) || !entry_is_plain(entry) || size < 0 ||
	    (uint64_t)size > ARCHIVE_MEMBER_SIZE_MAX)
		return bad_archive(reader, "the archive has a member that no cr archive has, number %zu",
				   reader->members.items_count + 1);
	reader->member_size = (uint64_t)size;
	reader->member_read = 0;
	*ret_member = (struct archive_member){.name = name, .size = (uint64_t)size};
	return 1;
}

/* All of the open member's bytes in fresh memory; the caller has checked the size. */
static int member_gather(struct archive_reader *reader, void **ret_data)
{
	cleanup_free uint8_t *data = malloc(reader->member_size + 1);
	size_t done = 0;

	if (!data)
		return out_of_memory(reader);
	while (done < reader->member_size) {
		const void *piece;
		size_t size;
		int r = archive_reader_data(reader, &piece, &size);

		if (r < 0)
			return r;
		if (size == 0 || size > reader->member_size - done)
			return bad_archive(reader,
					   "the archive is damaged: a member is not of the size it says");
		memcpy(data + done, piece, size);
		done += size;
	}
	*ret_data = take_ptr(data);
	return 0;
}

/* Reads the seal, which was begun, and all that is behind it. */
static int read_seal(struct archive_reader *reader)
{
	uint64_t end = (uint64_t)archive_read_header_position(reader->tar) + TAR_BLOCK_SIZE +
		       ALIGN_UP(reader->member_size, (uint64_t)TAR_BLOCK_SIZE) + TAR_END_SIZE;
	cleanup_free void *data = NULL;
	struct archive_member member;
	const char *reason;
	int r;

	if (reader->member_size > ARCHIVE_SEAL_SIZE_MAX)
		return bad_archive(reader, "the archive is damaged: its seal is too long");
	r = member_gather(reader, &data);
	if (r < 0)
		return r;
	r = archive_members_check_seal(&reader->members, data, reader->member_size, &reason);
	if (r == -ENOMEM)
		return out_of_memory(reader);
	if (r < 0)
		return bad_archive(reader, "the archive is damaged: %s", reason);
	r = next_header(reader, &member);
	if (r < 0)
		return r;
	while (r == 0 && !reader->is_truncated) {
		const void *rest;

		r = read_from_frames(reader->tar, reader, &rest) < 0 ? reader->error : 0;
	}
	if (r < 0)
		return r;
	if (r > 0 || frame_reader_bytes_out(reader->frames) > end)
		return bad_archive(reader, "the archive is damaged: something follows its seal");
	if (frame_reader_bytes_out(reader->frames) < end || !frame_reader_has_seek_table(reader->frames))
		return bad_archive(reader,
				   "the archive is cut off: it ends at byte %" PRIu64 ", behind its seal",
				   frame_reader_end_offset(reader->frames));
	return 0;
}

int archive_reader_next(struct archive_reader *reader, struct archive_member *ret_member)
{
	struct archive_member member;
	int r;

	if (reader->error < 0 || reader->is_done)
		return reader->error;
	r = tar_open_once(reader);
	if (r < 0)
		return r;
	r = next_header(reader, &member);
	if (r < 0)
		return r;
	if (r == 0 && !reader->is_truncated)
		return bad_archive(reader, "the archive is cut off: it ends without its seal");
	if (r == 0)
		return cut_off(reader);
	if (strcmp(member.name, ARCHIVE_SEAL_NAME) == 0) {
		r = read_seal(reader);
		reader->is_done = r == 0;
		return r;
	}
	r = archive_members_append(&reader->members, member.name, member.size);
	if (r == -EFBIG)
		return bad_archive(reader, "the archive has more than %u members", ARCHIVE_MEMBER_COUNT_MAX);
	if (r < 0)
		return out_of_memory(reader);
	*ret_member = member;
	return 1;
}

int archive_reader_data(struct archive_reader *reader, const void **ret_data, size_t *ret_size)
{
	const void *data = NULL;
	la_int64_t offset = 0;
	size_t size = 0;
	int r;

	if (reader->error < 0)
		return reader->error;
	r = archive_read_data_block(reader->tar, &data, &size, &offset);
	if (r != ARCHIVE_OK && r != ARCHIVE_EOF)
		return tar_fail(reader);
	if (r == ARCHIVE_EOF)
		size = 0;
	if (size == 0 ? reader->member_read != reader->member_size
		      : (uint64_t)offset != reader->member_read ||
				size > reader->member_size - reader->member_read)
		return bad_archive(reader, "the archive is damaged: a member is not of the size it says");
	reader->member_read += size;
	*ret_data = data;
	*ret_size = size;
	return 0;
}

bool archive_reader_leave(struct archive_reader *reader, const void *data, void (*work)(void *argument),
			  void *argument)
{
	return frame_reader_leave(reader->frames, data, work, argument);
}

void archive_reader_wait(struct archive_reader *reader)
{
	frame_reader_wait(reader->frames);
}

int archive_reader_message(struct archive_reader *reader, const ProtobufCMessageDescriptor *descriptor,
			   size_t limit, ProtobufCMessage **ret_message)
{
	const char *name = reader->members.items_count > 0
				   ? reader->members.items[reader->members.items_count - 1].name
				   : "";
	cleanup_free void *data = NULL;
	int r;

	if (reader->error < 0)
		return reader->error;
	if (reader->member_size > limit)
		return bad_archive(reader,
				   "member '%s' of the archive has %" PRIu64 " bytes; %zu are possible", name,
				   reader->member_size, limit);
	r = member_gather(reader, &data);
	if (r < 0)
		return r;
	r = message_unpack(descriptor, data, reader->member_size, limit, ret_message);
	if (r == -ENOMEM)
		return out_of_memory(reader);
	if (r < 0)
		return bad_archive(reader, "member '%s' of the archive is not a readable %s", name,
				   descriptor->short_name);
	return 0;
}

uint64_t archive_reader_bytes_in(const struct archive_reader *reader)
{
	return frame_reader_bytes_in(reader->frames);
}

uint64_t archive_reader_bytes_out(const struct archive_reader *reader)
{
	return frame_reader_bytes_out(reader->frames);
}
