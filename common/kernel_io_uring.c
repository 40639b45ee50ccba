/* SPDX-License-Identifier: MIT */
/* Finds io_urings in the kernel's memory. */
#include "common/kernel_io_uring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/kernel_symbols.h"
#include "common/kernel_task.h"

/* The pointer to a registered file has flags in the lowest bits. */
#define FILE_POINTER_FLAGS UINT64_C(7)

/* Of struct bio_vec: a pointer, and two numbers of 32 bits. */
#define PIECE_SIZE (sizeof(uint64_t) + 2 * sizeof(uint32_t))

#define MEMBERS(X)                                                                                           \
	X(flags, "io_ring_ctx.flags")                                                                        \
	X(submitter, "io_ring_ctx.submitter_task")                                                           \
	X(sq_entries, "io_ring_ctx.sq_entries")                                                              \
	X(cq_entries, "io_ring_ctx.cq_entries")                                                              \
	X(sq_head, "io_ring_ctx.cached_sq_head")                                                             \
	X(cq_tail, "io_ring_ctx.cached_cq_tail")                                                             \
	X(allocated, "io_ring_ctx.nr_req_allocated")                                                         \
	X(free_list, "io_ring_ctx.submit_state.free_list")                                                   \
	X(work, "io_ring_ctx.work_llist.first")                                                              \
	X(work_again, "io_ring_ctx.retry_llist.first")                                                       \
	X(request_work, "io_kiocb.io_task_work.node")                                                        \
	X(request_function, "io_kiocb.io_task_work.func")                                                    \
	X(timeouts, "io_ring_ctx.timeout_list")                                                              \
	X(overflow, "io_ring_ctx.cq_overflow_list")                                                          \
	X(check_cq, "io_ring_ctx.check_cq")                                                                  \
	X(restricted, "io_ring_ctx.restricted")                                                              \
	X(restrictions, "io_ring_ctx.restrictions.registered")                                               \
	X(provided, "io_ring_ctx.io_bl_xa.xa_head")                                                          \
	X(personalities, "io_ring_ctx.personalities.xa_head")                                                \
	X(region, "io_ring_ctx.param_region.nr_pages")                                                       \
	X(zero_copy, "io_ring_ctx.zcrx_ctxs.xa_head")                                                        \
	X(clock, "io_ring_ctx.clockid")                                                                      \
	X(has_limits, "io_ring_ctx.iowq_limits_set")                                                         \
	X(limits, "io_ring_ctx.iowq_limits")                                                                 \
	X(event, "io_ring_ctx.io_ev_fd")                                                                     \
	X(event_counter, "io_ev_fd.cq_ev_fd")                                                                \
	X(event_async, "io_ev_fd.eventfd_async")                                                             \
	X(files_count, "io_ring_ctx.file_table.data.nr")                                                     \
	X(files, "io_ring_ctx.file_table.data.nodes")                                                        \
	X(range_start, "io_ring_ctx.file_alloc_start")                                                       \
	X(range_end, "io_ring_ctx.file_alloc_end")                                                           \
	X(buffers_count, "io_ring_ctx.buf_table.nr")                                                         \
	X(buffers, "io_ring_ctx.buf_table.nodes")                                                            \
	X(node_tag, "io_rsrc_node.tag")                                                                      \
	X(node_file, "io_rsrc_node.file_ptr")                                                                \
	X(node_buffer, "io_rsrc_node.buf")                                                                   \
	X(buffer_address, "io_mapped_ubuf.ubuf")                                                             \
	X(buffer_size, "io_mapped_ubuf.len")                                                                 \
	X(buffer_pieces, "io_mapped_ubuf.nr_bvecs")                                                          \
	X(buffer_is_kernels, "io_mapped_ubuf.is_kbuf")                                                       \
	X(buffer_vector, "io_mapped_ubuf.bvec")                                                              \
	X(vector_page, "bio_vec.bv_page")                                                                    \
	X(vector_size, "bio_vec.bv_len")                                                                     \
	X(vector_offset, "bio_vec.bv_offset")                                                                \
	X(rings_pages, "io_ring_ctx.ring_region.pages")                                                      \
	X(entries_pages, "io_ring_ctx.sq_region.pages")                                                      \
	X(task_rings, "task_struct.io_uring")                                                                \
	X(registered, "io_uring_task.registered_rings")

struct kernel_rings {
	struct kernel_tasks tasks;
	struct kernel_memory *memory;   /* of TASKS */
	struct kernel_address complete; /* the function that does no more than tell; 0: not looked for yet */
	MEMBERS(KERNEL_MEMBER_DECLARE)
};

void kernel_rings_close(struct kernel_rings *rings)
{
	kernel_tasks_close(&rings->tasks);
	free(rings);
}

static bool are_pieces_known(const struct kernel_rings *rings)
{
	return rings->vector_page.offset <= PIECE_SIZE - sizeof(uint64_t) &&
	       rings->vector_size.offset <= PIECE_SIZE - sizeof(uint32_t) &&
	       rings->vector_offset.offset <= PIECE_SIZE - sizeof(uint32_t);
}

static int open_tasks(struct kernel_rings *members)
{
	const struct kernel_member_path paths[] = {MEMBERS(KERNEL_MEMBER_PATH)};

	return kernel_tasks_open(&members->tasks, paths, ARRAY_SIZE(paths));
}

int kernel_rings_open(struct kernel_rings **ret_rings)
{
	cleanup_(kernel_rings_freep) struct kernel_rings *rings = calloc(1, sizeof(*rings));
	int r = rings ? open_tasks(rings) : -ENOMEM;

	if (r == 0 && !are_pieces_known(rings))
		r = -ENOENT;
	if (r < 0)
		return r;
	rings->memory = rings->tasks.memory;
	*ret_rings = take_ptr(rings);
	return 0;
}

/* A number, or whether there is one. */
struct wanted {
	const struct kernel_member *member;
	uint64_t *value;
};

static int read_all(struct kernel_rings *rings, struct kernel_address at, const struct wanted *wanted,
		    size_t count)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = kernel_memory_read_member(rings->memory, at, wanted[i].member, wanted[i].value);
	return r;
}

static int read_sizes(struct kernel_rings *rings, struct kernel_address context, struct kernel_ring *ring)
{
	uint64_t flags, sq_entries, cq_entries, sq_head, cq_tail, clock;
	const struct wanted wanted[] = {
		{&rings->flags, &flags},
		{&rings->sq_entries, &sq_entries},
		{&rings->cq_entries, &cq_entries},
		{&rings->sq_head, &sq_head},
		{&rings->cq_tail, &cq_tail},
		{&rings->clock, &clock},
		{&rings->submitter, &ring->submitter.value},
	};
	int r = read_all(rings, context, wanted, ARRAY_SIZE(wanted));

	if (r < 0)
		return r;
	ring->flags = (uint32_t)flags;
	ring->sq_entries = (uint32_t)sq_entries;
	ring->cq_entries = (uint32_t)cq_entries;
	ring->sq_head = (uint32_t)sq_head;
	ring->cq_tail = (uint32_t)cq_tail;
	ring->clock_id = (int32_t)clock;
	return 0;
}

static int is_list_empty(struct kernel_rings *rings, struct kernel_address head, bool *ret_is_empty)
{
	struct kernel_address next;
	int r = kernel_memory_read_pointer(rings->memory, head, 0, &next);

	if (r == 0)
		*ret_is_empty = next.value == head.value;
	return r;
}

/* Requests are taken from a list and put back when they are done with; it grows when it has run out. */
static int read_requests(struct kernel_rings *rings, struct kernel_address context, struct kernel_ring *ring)
{
	struct kernel_address at;
	uint64_t allocated = 0, check = 0, unused = 0;
	bool has_none = false, fits = false;
	int r = kernel_memory_read_member(rings->memory, context, &rings->allocated, &allocated);

	if (r == 0)
		r = kernel_memory_read_pointer(rings->memory, context, rings->free_list.offset, &at);
	while (r == 0 && at.value != 0) {
		if (++unused > allocated)
			return -EAGAIN;
		r = kernel_memory_read_pointer(rings->memory, at, 0, &at);
	}
	if (r == 0)
		r = is_list_empty(rings, kernel_offset(context, rings->timeouts.offset), &has_none);
	if (r == 0)
		r = is_list_empty(rings, kernel_offset(context, rings->overflow.offset), &fits);
	if (r == 0)
		r = kernel_memory_read_member(rings->memory, context, &rings->check_cq, &check);
	if (r < 0)
		return r;
	ring->requests_count = (uint32_t)(allocated - unused);
	ring->has_timeouts = !has_none;
	ring->has_overflown = !fits || check != 0;
	return 0;
}

/* Adds those in the list from AT on that do no more than complete. */
static int count_completed(struct kernel_rings *rings, struct kernel_address at, struct kernel_ring *ring)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && at.value != 0; i++) {
		const struct kernel_address request = {at.value - rings->request_work.offset};
		uint64_t function = 0;

		if (i >= ring->requests_count)
			return -EAGAIN;
		r = kernel_memory_read_member(rings->memory, request, &rings->request_function, &function);
		if (r == 0)
			r = kernel_memory_read_pointer(rings->memory, at, 0, &at);
		ring->completed_count += function == rings->complete.value;
	}
	return r;
}

/* What waits for the thread of a ring to look for it. */
static int read_completed(struct kernel_rings *rings, struct kernel_address context, struct kernel_ring *ring)
{
	struct kernel_address work = {0}, again = {0};
	int r;

	if (ring->requests_count == 0 || !(ring->flags & UAPI_IORING_SETUP_DEFER_TASKRUN))
		return 0;
	/* Where that is not told, none of them is taken for one. */
	if (rings->complete.value == 0 && kernel_symbol_find("io_req_task_complete", &rings->complete) < 0)
		return 0;
	r = kernel_memory_read_member(rings->memory, context, &rings->work, &work.value);
	if (r == 0)
		r = kernel_memory_read_member(rings->memory, context, &rings->work_again, &again.value);
	if (r == 0)
		r = count_completed(rings, work, ring);
	return r < 0 ? r : count_completed(rings, again, ring);
}

static int read_settings(struct kernel_rings *rings, struct kernel_address context, struct kernel_ring *ring)
{
	uint64_t restricted, restrictions, provided, personalities, region, zero_copy, has_limits;
	const struct wanted wanted[] = {
		{&rings->restricted, &restricted}, {&rings->restrictions, &restrictions},
		{&rings->provided, &provided},     {&rings->personalities, &personalities},
		{&rings->region, &region},         {&rings->zero_copy, &zero_copy},
		{&rings->has_limits, &has_limits},
	};
	int r = read_all(rings, context, wanted, ARRAY_SIZE(wanted));

	if (r == 0)
		r = kernel_memory_read(rings->memory, kernel_offset(context, rings->limits.offset),
				       ring->worker_limits, sizeof(ring->worker_limits));
	if (r < 0)
		return r;
	ring->is_restricted = restricted || restrictions;
	ring->has_provided_buffers = provided != 0;
	ring->has_personalities = personalities != 0;
	ring->has_region = region != 0;
	ring->has_zero_copy = zero_copy != 0;
	ring->has_worker_limits = has_limits != 0;
	return 0;
}

static int read_resources(struct kernel_rings *rings, struct kernel_address context, struct kernel_ring *ring)
{
	uint64_t files_count, range_start, range_end, buffers_count, is_async = 0;
	struct kernel_address event = {0}, rings_pages = {0}, entries_pages = {0};
	const struct wanted wanted[] = {
		{&rings->files_count, &files_count},
		{&rings->files, &ring->files.value},
		{&rings->range_start, &range_start},
		{&rings->range_end, &range_end},
		{&rings->buffers_count, &buffers_count},
		{&rings->buffers, &ring->buffers.value},
		{&rings->event, &event.value},
		{&rings->rings_pages, &rings_pages.value},
		{&rings->entries_pages, &entries_pages.value},
	};
	const struct wanted of_event[] = {
		{&rings->event_counter, &ring->eventfd.value},
		{&rings->event_async, &is_async},
	};
	int r = read_all(rings, context, wanted, ARRAY_SIZE(wanted));

	if (r == 0 && event.value != 0)
		r = read_all(rings, event, of_event, ARRAY_SIZE(of_event));
	if (r == 0)
		r = kernel_memory_read_pointer(rings->memory, rings_pages, 0, &ring->rings_page);
	if (r == 0)
		r = kernel_memory_read_pointer(rings->memory, entries_pages, 0, &ring->entries_page);
	if (r < 0)
		return r;
	if (files_count > UAPI_IORING_MAX_FIXED_FILES || buffers_count > UAPI_IORING_MAX_REG_BUFFERS)
		return -EBADMSG;
	ring->files_count = (uint32_t)files_count;
	ring->file_range_start = (uint32_t)range_start;
	ring->file_range_end = (uint32_t)range_end;
	ring->buffers_count = (uint32_t)buffers_count;
	ring->is_eventfd_async = (uint32_t)is_async != 0;
	return 0;
}

int kernel_rings_read(struct kernel_rings *rings, int fd, struct kernel_ring *ret)
{
	struct kernel_ring ring = {0};
	struct kernel_address context;
	int r = kernel_rings_own_file(rings, fd, &ring.file, &context);

	if (r == 0)
		r = read_sizes(rings, context, &ring);
	if (r == 0)
		r = read_requests(rings, context, &ring);
	if (r == 0)
		r = read_completed(rings, context, &ring);
	if (r == 0)
		r = read_settings(rings, context, &ring);
	if (r == 0)
		r = read_resources(rings, context, &ring);
	if (r == 0)
		*ret = ring;
	return r;
}

/* 0 if nothing is registered there. */
static int read_node(struct kernel_rings *rings, struct kernel_address table, uint32_t index,
		     struct kernel_address *ret_node, uint64_t *ret_tag)
{
	int r = kernel_memory_read_pointer(rings->memory, table, index * sizeof(uint64_t), ret_node);

	*ret_tag = 0;
	if (r == 0 && ret_node->value != 0)
		r = kernel_memory_read_member(rings->memory, *ret_node, &rings->node_tag, ret_tag);
	return r;
}

int kernel_rings_read_file(struct kernel_rings *rings, const struct kernel_ring *ring, uint32_t index,
			   struct kernel_ring_file *ret)
{
	struct kernel_ring_file file = {0};
	struct kernel_address node;
	int r = read_node(rings, ring->files, index, &node, &file.tag);

	if (r == 0 && node.value != 0)
		r = kernel_memory_read_member(rings->memory, node, &rings->node_file, &file.file.value);
	file.file.value &= ~FILE_POINTER_FLAGS;
	if (r == 0)
		*ret = file;
	return r;
}

int kernel_rings_read_buffer(struct kernel_rings *rings, const struct kernel_ring *ring, uint32_t index,
			     struct kernel_ring_buffer *ret)
{
	struct kernel_ring_buffer buffer = {0};
	struct kernel_address node, at = {0};
	uint64_t pieces = 0, is_kernels = 0;
	const struct wanted wanted[] = {
		{&rings->buffer_address, &buffer.address},
		{&rings->buffer_size, &buffer.size},
		{&rings->buffer_pieces, &pieces},
		{&rings->buffer_is_kernels, &is_kernels},
	};
	int r = read_node(rings, ring->buffers, index, &node, &buffer.tag);

	if (r == 0 && node.value != 0)
		r = kernel_memory_read_member(rings->memory, node, &rings->node_buffer, &at.value);
	if (r == 0 && at.value != 0)
		r = read_all(rings, at, wanted, ARRAY_SIZE(wanted));
	if (r < 0)
		return r;
	buffer.pieces = kernel_offset(at, rings->buffer_vector.offset);
	buffer.pieces_count = (uint32_t)pieces;
	buffer.is_kernels = (bool)is_kernels;
	*ret = buffer;
	return 0;
}

int kernel_rings_read_pieces(struct kernel_rings *rings, const struct kernel_ring_buffer *buffer,
			     uint32_t first, uint32_t count, struct kernel_ring_piece *ret_pieces)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < count; i++) {
		struct kernel_ring_piece *piece = &ret_pieces[i];
		struct kernel_address at = kernel_offset(buffer->pieces, (first + i) * PIECE_SIZE);
		unsigned char raw[PIECE_SIZE];

		r = kernel_memory_read(rings->memory, at, raw, sizeof(raw));
		if (r < 0)
			return r;
		memcpy(&piece->page.value, raw + rings->vector_page.offset, sizeof(piece->page.value));
		memcpy(&piece->size, raw + rings->vector_size.offset, sizeof(piece->size));
		memcpy(&piece->offset, raw + rings->vector_offset.offset, sizeof(piece->offset));
	}
	return r;
}

int kernel_rings_own_file(struct kernel_rings *rings, int fd, struct kernel_address *ret_file,
			  struct kernel_address *ret_private)
{
	int r = kernel_memory_own_file(rings->memory, &rings->tasks.descriptors, fd, ret_file);

	return r < 0 ? r
		     : kernel_memory_read_member(rings->memory, *ret_file, &rings->tasks.file_private,
						 &ret_private->value);
}

int kernel_rings_read_thread(struct kernel_rings *rings, int pidfd, struct kernel_ring_thread *ret)
{
	struct kernel_ring_thread thread = {0};
	struct kernel_address of_rings = {0};
	int r = kernel_tasks_locate(&rings->tasks, pidfd, &thread.task);

	if (r == 0)
		r = kernel_memory_read_member(rings->memory, thread.task, &rings->task_rings,
					      &of_rings.value);
	if (r == 0 && of_rings.value != 0)
		r = kernel_memory_read(rings->memory, kernel_offset(of_rings, rings->registered.offset),
				       thread.registered, sizeof(thread.registered));
	if (r == 0)
		*ret = thread;
	return r;
}
