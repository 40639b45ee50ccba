/* SPDX-License-Identifier: MIT */
/* What a valid io_uring is. */
#include "format/fd/io_uring.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "common/proc/maps.h"

/* More than the kernel's greatest ring takes. */
#define RING_SIZE_MAX ((uint64_t)4 << 20)
#define CQE_SIZE sizeof(struct io_uring_cqe)

static int refuse(const char *reason, const char **ret_reason)
{
	*ret_reason = reason;
	return -EBADMSG;
}

static uint64_t round_up_to_pages(uint64_t size)
{
	return (size + PAGE_SIZE_BYTES - 1) / PAGE_SIZE_BYTES * PAGE_SIZE_BYTES;
}

static bool has_array(const Cr__IoUring *ring)
{
	return !(ring->flags & UAPI_IORING_SETUP_NO_SQARRAY);
}

static uint64_t completions_end(const Cr__IoUring *ring)
{
	uint64_t size = ring->flags & IORING_SETUP_CQE32 ? 2 * CQE_SIZE : CQE_SIZE;

	return ring->offsets[IO_URING_CQ_CQES] + ring->cq_entries * size;
}

static uint64_t array_end(const Cr__IoUring *ring)
{
	return has_array(ring)
		       ? ring->offsets[IO_URING_SQ_ARRAY] + (uint64_t)ring->sq_entries * sizeof(uint32_t)
		       : 0;
}

uint64_t io_uring_ring_size(const Cr__IoUring *ring)
{
	return round_up_to_pages(MAX(completions_end(ring), array_end(ring)));
}

uint64_t io_uring_entries_size(const Cr__IoUring *ring)
{
	uint64_t size = sizeof(struct io_uring_sqe) * (ring->flags & IORING_SETUP_SQE128 ? 2 : 1);

	return round_up_to_pages(ring->sq_entries * size);
}

uint64_t io_uring_mapping_size(const Cr__IoUring *ring, uint64_t offset)
{
	switch (offset) {
	case IORING_OFF_SQ_RING:
	case IORING_OFF_CQ_RING:
		return io_uring_ring_size(ring);
	case IORING_OFF_SQES:
		return io_uring_entries_size(ring);
	default:
		return 0;
	}
}

void io_uring_offsets_get(const struct io_uring_params *params, uint32_t ret_offsets[IO_URING_OFFSETS_COUNT])
{
	const uint32_t offsets[IO_URING_OFFSETS_COUNT] = {
		params->sq_off.head,         params->sq_off.tail,         params->sq_off.ring_mask,
		params->sq_off.ring_entries, params->sq_off.flags,        params->sq_off.dropped,
		params->sq_off.array,        params->cq_off.head,         params->cq_off.tail,
		params->cq_off.ring_mask,    params->cq_off.ring_entries, params->cq_off.overflow,
		params->cq_off.cqes,         params->cq_off.flags,
	};

	memcpy(ret_offsets, offsets, sizeof(offsets));
}

static bool is_power_of_two(uint32_t number, uint32_t max)
{
	return number > 0 && number <= max && (number & (number - 1)) == 0;
}

static int check_layout(const Cr__IoUring *ring, const char **ret_reason)
{
	if (ring->n_offsets != IO_URING_OFFSETS_COUNT)
		return refuse("it does not say where things are in its rings", ret_reason);
	if (completions_end(ring) > RING_SIZE_MAX || array_end(ring) > RING_SIZE_MAX)
		return refuse("its rings are too large", ret_reason);
	for (size_t i = 0; i < ring->n_offsets; i++)
		if (ring->offsets[i] % sizeof(uint32_t) != 0 ||
		    ring->offsets[i] + sizeof(uint32_t) > io_uring_ring_size(ring))
			return refuse("something stands beyond the end of its rings", ret_reason);
	return 0;
}

static int check_files(const Cr__IoUring *ring, const char **ret_reason)
{
	if (ring->files_count > UAPI_IORING_MAX_FIXED_FILES)
		return refuse("it has too many files", ret_reason);
	if (ring->file_range_start > ring->file_range_end || ring->file_range_end > ring->files_count)
		return refuse("the range of its files is beyond their end", ret_reason);
	for (size_t i = 0; i < ring->n_files; i++) {
		const Cr__IoUringFile *file = ring->files[i];

		if (file->index >= ring->files_count || (i > 0 && file->index <= ring->files[i - 1]->index))
			return refuse("its files are not in the order of their indexes", ret_reason);
		if (file->open_file_id == 0)
			return refuse("a file of it is none", ret_reason);
	}
	return 0;
}

static int check_buffers(const Cr__IoUring *ring, const char **ret_reason)
{
	if (ring->buffers_count > UAPI_IORING_MAX_REG_BUFFERS)
		return refuse("it has too many buffers", ret_reason);
	for (size_t i = 0; i < ring->n_buffers; i++) {
		const Cr__IoUringBuffer *buffer = ring->buffers[i];

		if (buffer->index >= ring->buffers_count ||
		    (i > 0 && buffer->index <= ring->buffers[i - 1]->index))
			return refuse("its buffers are not in the order of their indexes", ret_reason);
		if (buffer->size == 0 || buffer->size > UINT32_MAX ||
		    buffer->address > UINT64_MAX - buffer->size)
			return refuse("a buffer is empty, or too large", ret_reason);
	}
	return 0;
}

int io_uring_check(const Cr__IoUring *ring, const char **ret_reason)
{
	int r;

	if (ring->flags & ~IO_URING_FLAGS_KNOWN)
		return refuse("it has unknown flags", ret_reason);
	if (!is_power_of_two(ring->sq_entries, UAPI_IORING_MAX_ENTRIES) ||
	    !is_power_of_two(ring->cq_entries, UAPI_IORING_MAX_CQ_ENTRIES))
		return refuse("its rings have a size that cannot be", ret_reason);
	r = check_layout(ring, ret_reason);
	if (r < 0)
		return r;
	if (ring->tid <= 0)
		return refuse("no thread is to make it", ret_reason);
	if (ring->cq_tail - ring->cq_head > ring->cq_entries)
		return refuse("it holds more completions than fit in", ret_reason);
	if (ring->cq_tail > ring->sq_head)
		return refuse("it has completed more than was submitted", ret_reason);
	if (ring->flags & IORING_SETUP_R_DISABLED && (ring->sq_head != 0 || ring->cq_tail != 0))
		return refuse("it has been used before it was enabled", ret_reason);
	if (ring->clock_id != CLOCK_MONOTONIC && ring->clock_id != CLOCK_BOOTTIME)
		return refuse("it has an unknown clock", ret_reason);
	if (ring->n_worker_limits != (ring->has_worker_limits ? 2 : 0))
		return refuse("it has a wrong number of limits of workers", ret_reason);
	for (size_t i = 0; i < ring->n_registered; i++)
		if (ring->registered[i]->index >= UAPI_IO_RINGFD_REG_MAX)
			return refuse("it is registered at an index that is too great", ret_reason);
	r = check_files(ring, ret_reason);
	return r < 0 ? r : check_buffers(ring, ret_reason);
}
