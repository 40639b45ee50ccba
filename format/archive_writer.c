/* SPDX-License-Identifier: MIT */
/* The tar inside the frames, made by libarchive. */
#include "format/archive_writer.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/log.h"
#include "format/archive_members.h"
#include "format/frame_writer.h"
#include "format/message.h"

struct archive_writer {
	const char *name;
	struct frame_writer *frames;
	struct archive *tar;
	struct archive_entry *entry; /* reused from member to member */
	struct archive_members members;
	time_t created;
	uint64_t member_left; /* bytes that the open member still lacks */
	bool has_open_member;
	void *reserved; /* room handed out by the last call */
	size_t reserved_size;
	int error;
};

/* Remembers the error that ends this archive. Whoever calls this has logged. */
static int writer_fail(struct archive_writer *writer, int error)
{
	if (writer->error == 0)
		writer->error = error;
	return writer->error;
}

/* After libarchive failed: most often because a frame could not be written, which is logged already. */
static int tar_fail(struct archive_writer *writer)
{
	if (writer->error == 0) {
		log_error("cannot write '%s': %s", writer->name, archive_error_string(writer->tar));
		writer->error = archive_errno(writer->tar) == ENOMEM ? -ENOMEM : -EIO;
	}
	return writer->error;
}

static int misuse(struct archive_writer *writer, const char *what)
{
	log_error("cannot write '%s': %s", writer->name, what);
	return writer_fail(writer, -EINVAL);
}

/* libarchive hands over the very pointer that the member's data was given with, so what is in place stays
 * there. */
static la_ssize_t write_to_frames(struct archive *tar, void *client, const void *data, size_t size)
{
	struct archive_writer *writer = client;
	int r = writer->error;

	if (r == 0)
		r = frame_writer_write(writer->frames, data, size);
	if (r < 0) {
		writer_fail(writer, r);
		archive_set_error(tar, -r, "%s", strerror(-r));
		return -1;
	}
	return (la_ssize_t)size;
}

static int tar_open(struct archive_writer *writer)
{
	writer->tar = archive_write_new();
	writer->entry = archive_entry_new();
	if (!writer->tar || !writer->entry)
		return log_error_errno(-ENOMEM, "cannot write '%s'", writer->name);
	/* Restricted: plain ustar headers, and pax ones only where they cannot say it (members of 8 GiB and
	 * more). */
	if (archive_write_set_format_pax_restricted(writer->tar) != ARCHIVE_OK ||
	    archive_write_add_filter_none(writer->tar) != ARCHIVE_OK ||
	    archive_write_set_bytes_per_block(writer->tar, 0) != ARCHIVE_OK ||
	    archive_write_open(writer->tar, writer, NULL, write_to_frames, NULL) != ARCHIVE_OK)
		return tar_fail(writer);
	return 0;
}

int archive_writer_new(const struct archive_writer_options *options, struct archive_writer **ret_writer)
{
	cleanup_(archive_writer_freep) struct archive_writer *writer = calloc(1, sizeof(*writer));
	int r;

	if (!writer)
		return log_error_errno(-ENOMEM, "cannot write '%s'", options->name);
	writer->name = options->name;
	writer->created = time(NULL);
	r = frame_writer_new(options->fd, options->name, options->level, options->thread_count,
			     &writer->frames);
	if (r < 0)
		return r;
	r = tar_open(writer);
	if (r < 0)
		return r;
	*ret_writer = take_ptr(writer);
	return 0;
}

void archive_writer_free(struct archive_writer *writer)
{
	if (!writer)
		return;
	if (writer->tar) {
		/* With an error set it writes nothing more; without the close libarchive leaks, even after a
		 * failure. */
		writer_fail(writer, -ECANCELED);
		archive_write_close(writer->tar);
		archive_write_free(writer->tar);
	}
	archive_entry_free(writer->entry);
	frame_writer_free(writer->frames);
	archive_members_done(&writer->members);
	free(writer);
}

static int member_begin(struct archive_writer *writer, const char *name, uint64_t size)
{
	archive_entry_clear(writer->entry);
	archive_entry_set_pathname(writer->entry, name);
	archive_entry_set_size(writer->entry, (la_int64_t)size);
	archive_entry_set_filetype(writer->entry, AE_IFREG);
	archive_entry_set_perm(writer->entry, 0600);
	archive_entry_set_mtime(writer->entry, writer->created, 0);
	if (archive_write_header(writer->tar, writer->entry) != ARCHIVE_OK)
		return tar_fail(writer);
	writer->member_left = size;
	writer->has_open_member = true;
	return 0;
}

int archive_writer_member_begin(struct archive_writer *writer, const char *name, uint64_t size)
{
	int r;

	writer->reserved = NULL;
	if (writer->error < 0)
		return writer->error;
	if (writer->has_open_member || size > ARCHIVE_MEMBER_SIZE_MAX || !archive_member_name_check(name) ||
	    strcmp(name, ARCHIVE_SEAL_NAME) == 0)
		return misuse(writer, "a member cannot be begun like this");
	r = archive_members_append(&writer->members, name, size);
	if (r < 0) {
		log_error_errno(r, "cannot write '%s'", writer->name);
		return writer_fail(writer, r);
	}
	return member_begin(writer, name, size);
}

int archive_writer_reserve(struct archive_writer *writer, size_t wanted, void **ret_buffer, size_t *ret_size)
{
	int r;

	writer->reserved = NULL;
	if (writer->error < 0)
		return writer->error;
	if (!writer->has_open_member || wanted == 0 || wanted > writer->member_left)
		return misuse(writer, "more room is wanted than the member has");
	r = frame_writer_reserve(writer->frames, wanted, &writer->reserved, &writer->reserved_size);
	if (r < 0)
		return writer_fail(writer, r);
	*ret_buffer = writer->reserved;
	*ret_size = writer->reserved_size;
	return 0;
}

static int member_data(struct archive_writer *writer, const void *data, size_t size)
{
	if (archive_write_data(writer->tar, data, size) != (la_ssize_t)size)
		return tar_fail(writer);
	writer->member_left -= size;
	return 0;
}

int archive_writer_commit(struct archive_writer *writer, size_t size)
{
	const void *data = take_ptr(writer->reserved);

	if (writer->error < 0)
		return writer->error;
	if (!data || size > writer->reserved_size)
		return misuse(writer, "more is committed than was reserved");
	return member_data(writer, data, size);
}

int archive_writer_data(struct archive_writer *writer, const void *data, size_t size)
{
	writer->reserved = NULL;
	if (writer->error < 0)
		return writer->error;
	if (!writer->has_open_member || size > writer->member_left)
		return misuse(writer, "more data is given than the member has");
	return member_data(writer, data, size);
}

int archive_writer_member_end(struct archive_writer *writer)
{
	writer->reserved = NULL;
	if (writer->error < 0)
		return writer->error;
	if (!writer->has_open_member || writer->member_left > 0)
		return misuse(writer, "a member is ended before it is complete");
	writer->has_open_member = false;
	if (archive_write_finish_entry(writer->tar) != ARCHIVE_OK)
		return tar_fail(writer);
	return 0;
}

int archive_writer_message(struct archive_writer *writer, const char *name, const ProtobufCMessage *message)
{
	cleanup_free void *data = NULL;
	size_t size;
	int r;

	if (writer->error < 0)
		return writer->error;
	r = message_pack(message, &data, &size);
	if (r < 0) {
		log_error_errno(r, "cannot write '%s'", writer->name);
		return writer_fail(writer, r);
	}
	r = archive_writer_member_begin(writer, name, size);
	if (r < 0)
		return r;
	r = archive_writer_data(writer, data, size);
	if (r < 0)
		return r;
	return archive_writer_member_end(writer);
}

int archive_writer_flush_frame(struct archive_writer *writer)
{
	int r;

	writer->reserved = NULL;
	if (writer->error < 0)
		return writer->error;
	r = frame_writer_flush(writer->frames);
	return r < 0 ? writer_fail(writer, r) : 0;
}

/* The seal starts a frame, so that a reader of a file finds it from the end. */
static int write_seal(struct archive_writer *writer)
{
	cleanup_free void *data = NULL;
	size_t size;
	int r;

	r = archive_members_seal(&writer->members, &data, &size);
	if (r < 0) {
		log_error_errno(r, "cannot write '%s'", writer->name);
		return writer_fail(writer, r);
	}
	r = archive_writer_flush_frame(writer);
	if (r < 0)
		return r;
	r = member_begin(writer, ARCHIVE_SEAL_NAME, size);
	if (r < 0)
		return r;
	r = member_data(writer, data, size);
	if (r < 0)
		return r;
	return archive_writer_member_end(writer);
}

int archive_writer_finish(struct archive_writer *writer)
{
	int r;

	if (writer->error < 0)
		return writer->error;
	if (writer->has_open_member)
		return misuse(writer, "it is finished in the middle of a member");
	r = write_seal(writer);
	if (r < 0)
		return r;
	if (archive_write_close(writer->tar) != ARCHIVE_OK)
		return tar_fail(writer);
	r = frame_writer_finish(writer->frames);
	return r < 0 ? writer_fail(writer, r) : 0;
}

uint64_t archive_writer_bytes_in(const struct archive_writer *writer)
{
	return frame_writer_bytes_in(writer->frames);
}

uint64_t archive_writer_bytes_out(const struct archive_writer *writer)
{
	return frame_writer_bytes_out(writer->frames);
}
