/* SPDX-License-Identifier: MIT */
/* The contents of a restored process's pages, written by all threads that decompress them. */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/uio.h>

#include "common/cleanup.h"
#include "common/interrupt.h"
#include "common/log.h"
#include "common/progress.h"
#include "restorer/memory.h"
#include "restorer/task/memory_policy.h"

/* Where a byte of the member goes. */
struct place {
	size_t run;
	uint64_t offset; /* bytes into the run */
};

struct fill {
	const Cr__Memory *memory;
	pid_t pid;
	const Cr__MemoryPolicy *policy; /* of its first thread, which has brought in most */
	struct place next;              /* of the main thread only */
	_Atomic int error;              /* the first of any thread */
	void *failed_at;                /* belongs to it: to be read when all are done */
};

/* Bytes that go to one place, and on from there. */
struct piece {
	struct fill *fill;
	struct place place;
	const unsigned char *data;
	size_t size;
};

/* The part of SIZE bytes that goes to the run at PLACE, which moves behind it. */
static struct iovec take_part(const Cr__Memory *memory, struct place *place, size_t size)
{
	uint64_t run_size = memory->run_counts[place->run] * PAGE_SIZE_BYTES;
	struct iovec part = {(void *)(memory->run_pages[place->run] * PAGE_SIZE_BYTES + place->offset),
			     MIN((size_t)(run_size - place->offset), size)};

	place->offset += part.iov_len;
	if (place->offset == run_size)
		*place = (struct place){.run = place->run + 1};
	return part;
}

static int move_on(struct fill *fill, size_t size)
{
	while (size > 0) {
		if (fill->next.run == fill->memory->n_run_pages)
			return log_error_errno(-EBADMSG,
					       "the archive holds more pages than its memory image lists");
		size -= take_part(fill->memory, &fill->next, size).iov_len;
	}
	return 0;
}

static void fail(struct fill *fill, int error, void *address)
{
	int none = 0;

	if (atomic_compare_exchange_strong(&fill->error, &none, error))
		fill->failed_at = address;
}

static void write_piece(struct piece piece)
{
	struct fill *fill = piece.fill;

	memory_policy_use(fill->policy);
	while (piece.size > 0 && atomic_load(&fill->error) == 0) {
		struct iovec local = {(void *)(uintptr_t)piece.data, 0}, remote[256];
		size_t count = 0;
		ssize_t written;

		while (local.iov_len < piece.size && count < ARRAY_SIZE(remote)) {
			remote[count] = take_part(fill->memory, &piece.place, piece.size - local.iov_len);
			local.iov_len += remote[count++].iov_len;
		}
		written = process_vm_writev(fill->pid, &local, 1, remote, count, 0);
		if (written != (ssize_t)local.iov_len)
			fail(fill, written < 0 ? -errno : -EFAULT, remote[0].iov_base);
		piece.data += local.iov_len;
		piece.size -= local.iov_len;
	}
}

static void write_left_piece(void *argument)
{
	cleanup_free struct piece *piece = argument;

	write_piece(*piece);
}

/* False: it was not possible. */
static bool leave_piece(struct archive_reader *reader, const struct piece *piece)
{
	cleanup_free struct piece *copy = malloc(sizeof(*copy));

	if (!copy)
		return false;
	*copy = *piece;
	if (!archive_reader_leave(reader, copy->data, write_left_piece, copy))
		return false;
	(void)take_ptr(copy);
	return true;
}

/* The last piece, and so all of a small process, is written here rather than waited for. */
static int fill_piece(struct fill *fill, struct archive_reader *reader, const void *data, size_t size)
{
	const struct piece piece = {fill, fill->next, data, size};
	int r = move_on(fill, size);

	if (r < 0)
		return r;
	if (fill->next.run == fill->memory->n_run_pages || !leave_piece(reader, &piece))
		write_piece(piece);
	return 0;
}

static int fill_pieces(struct fill *fill, struct archive_reader *reader, struct progress *progress,
		       uint64_t *done)
{
	while (atomic_load(&fill->error) == 0) {
		const void *data;
		size_t size;
		int r = interrupted() ? -EINTR : archive_reader_data(reader, &data, &size);

		if (r < 0)
			return r;
		if (size == 0)
			break;
		r = fill_piece(fill, reader, data, size);
		if (r < 0)
			return r;
		*done += size;
		progress_update(progress, *done);
	}
	return 0;
}

int memory_fill(struct task *task, struct archive_reader *reader, struct progress *progress, uint64_t *done)
{
	struct fill fill = {
		.memory = task->memory,
		.pid = task_puppet(task)->tracee.tid,
		.policy = task->image->threads[0]->memory_policy,
	};
	int r = fill_pieces(&fill, reader, progress, done);

	archive_reader_wait(reader);
	memory_policy_use(NULL);
	if (r == 0 && fill.error < 0)
		return log_error_errno(fill.error, "cannot write to its memory at %p", fill.failed_at);
	if (r == 0 && fill.next.run != task->memory->n_run_pages)
		return log_error_errno(-EBADMSG, "the archive holds fewer pages than its memory image lists");
	return r;
}
