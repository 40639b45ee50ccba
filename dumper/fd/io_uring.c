/* SPDX-License-Identifier: MIT */
/*
 * io_uring(7), at dump: rings with nothing in flight.
 *
 * All that a program sees of one is in memory that it shares with the kernel. But where the kernel goes on,
 * and whether requests are in flight, it keeps for itself: that is read in its memory. Nothing is submitted
 * while the program is frozen, and nothing completes that is not in flight.
 */
#include "dumper/fd/io_uring.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/vector.h"

/* What is no property of the ring that is made again, or refused by another name. */
#define FLAGS_LEFT_OUT (IORING_SETUP_ATTACH_WQ | IORING_SETUP_CLAMP)

static bool io_uring_matches(const struct fd_info *info)
{
	return fd_info_is_anonymous(info, "[io_uring]");
}

static int state_new(struct dump *dump, struct io_urings **ret_rings)
{
	struct io_urings *rings = calloc(1, sizeof(*rings));
	int r;

	dump->fd_kind_states[FD_KIND_io_uring] = rings;
	if (!rings)
		return -ENOMEM;
	r = kernel_rings_open(&rings->kernel);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		log_debug("the kernel's io_urings cannot be looked at: %s", strerror(-r));
	*ret_rings = rings;
	return 0;
}

static int new_entry(struct dump *dump, struct io_urings *rings, const struct open_file *file,
		     struct ring_entry **ret_entry)
{
	struct ring_entry *entry = arena_new(&dump->arena, struct ring_entry), **slot;

	slot = entry ? vector_append(rings, entries) : NULL;
	if (!slot)
		return -ENOMEM;
	*slot = entry;
	entry->file = file;
	entry->image = arena_new(&dump->arena, Cr__IoUring);
	if (!entry->image)
		return -ENOMEM;
	cr__io_uring__init(entry->image);
	*ret_entry = entry;
	return 0;
}

/* Each of these is in the way by itself. */
static void refuse_settings(struct dump *dump, const struct kernel_ring *ring)
{
	const struct {
		bool is_there;
		const char *what;
	} settings[] = {
		{ring->flags & UAPI_IORING_SETUP_NO_MMAP,
		 "stands in memory of the program's own (IORING_SETUP_NO_MMAP)"},
		{ring->is_restricted, "is restricted (IORING_REGISTER_RESTRICTIONS)"},
		{ring->has_personalities, "has credentials registered (IORING_REGISTER_PERSONALITY)"},
		{ring->has_provided_buffers,
		 "has buffers to choose from (IORING_REGISTER_PBUF_RING, IORING_OP_PROVIDE_BUFFERS)"},
		{ring->has_region, "has a region of memory registered (IORING_REGISTER_MEM_REGION)"},
		{ring->has_zero_copy,
		 "receives from a network interface without copying (IORING_REGISTER_ZCRX_IFQ)"},
	};
	uint32_t unknown = ring->flags & ~(IO_URING_FLAGS_KNOWN | FLAGS_LEFT_OUT | UAPI_IORING_SETUP_NO_MMAP);

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		if (settings[i].is_there)
			blockers_add(&dump->blockers, "its io_uring %s, which cannot be preserved yet",
				     settings[i].what);
	if (unknown != 0)
		blockers_add(&dump->blockers,
			     "its io_uring was made with flags that are not known (%#" PRIx32
			     "), and so cannot be preserved",
			     unknown);
}

static void refuse_overflow(struct dump *dump, const struct kernel_ring *ring)
{
	if (ring->has_overflown)
		blockers_add(&dump->blockers,
			     "its io_uring has completions that wait for room in the ring, which cannot be "
			     "preserved: try again when the program has read those before them");
}

/*
 * All that is in flight has completed. What its thread does on that is known then: it notes so in the ring.
 * But other requests would do what changes other things, which have been collected by now; and so would an
 * eventfd.
 */
static bool has_completed(const struct kernel_ring *ring)
{
	return ring->requests_count > 0 && ring->completed_count == ring->requests_count &&
	       ring->submitter.value != 0 && ring->eventfd.value == 0;
}

/* The kernel says where things are to whoever makes a ring, so one like it is made. */
static int ask_for_layout(struct dump *dump, const struct kernel_ring *ring, Cr__IoUring *image)
{
	struct io_uring_params params = {
		.flags = (image->flags | IORING_SETUP_CQSIZE) & ~IORING_SETUP_R_DISABLED,
		.cq_entries = ring->cq_entries,
	};
	cleanup_close int fd = (int)syscall(SYS_io_uring_setup, ring->sq_entries, &params);

	if (fd < 0) {
		blockers_add(
			&dump->blockers,
			"cr-dump cannot make an io_uring like that of the program, to see how it is laid "
			"out: %s%s",
			strerror(errno),
			errno == EPERM ? " (the sysctl kernel.io_uring_disabled forbids it)" : "");
		return 1;
	}
	image->n_offsets = IO_URING_OFFSETS_COUNT;
	image->offsets = arena_array(&dump->arena, uint32_t, IO_URING_OFFSETS_COUNT);
	if (!image->offsets)
		return log_error_errno(-ENOMEM, "cannot note its io_uring");
	io_uring_offsets_get(&params, image->offsets);
	image->features = params.features;
	return 0;
}

/* What the program shares with the kernel. */
static int map_part(const Cr__IoUring *image, int fd, uint64_t offset, void **ret_memory)
{
	void *memory =
		mmap(NULL, io_uring_mapping_size(image, offset), PROT_READ, MAP_SHARED, fd, (off_t)offset);

	if (memory == MAP_FAILED)
		return log_error_errno(-errno, "cannot map its io_uring");
	*ret_memory = memory;
	return 0;
}

static uint32_t word_at(const Cr__IoUring *image, const void *memory, enum io_uring_offset what)
{
	uint32_t word;

	memcpy(&word, (const char *)memory + image->offsets[what], sizeof(word));
	return word;
}

static int look_at_counters(struct dump *dump, struct ring_entry *entry, int fd)
{
	Cr__IoUring *image = entry->image;
	const char *reason = NULL;
	void *memory;
	int r = map_part(image, fd, IORING_OFF_SQ_RING, &memory);

	if (r < 0)
		return r;
	image->sq_head = entry->kernel.sq_head;
	image->cq_tail = entry->kernel.cq_tail;
	image->cq_head = word_at(image, memory, IO_URING_CQ_HEAD);
	if (word_at(image, memory, IO_URING_SQ_HEAD) != image->sq_head ||
	    word_at(image, memory, IO_URING_CQ_TAIL) != image->cq_tail)
		blockers_add(
			&dump->blockers,
			"the program has overwritten the kernel's counters in its io_uring, which cannot "
			"be preserved");
	else if (image->cq_tail > image->sq_head)
		blockers_add(&dump->blockers,
			     "its io_uring has posted more completions (%" PRIu32
			     ") than it has taken requests (%" PRIu32
			     "), as requests do that complete many times, which cannot be preserved yet",
			     image->cq_tail, image->sq_head);
	else if (io_uring_check(image, &reason) < 0)
		blockers_add(&dump->blockers, "its io_uring cannot be preserved: %s", reason);
	munmap(memory, io_uring_mapping_size(image, IORING_OFF_SQ_RING));
	return 0;
}

static void fill_in(const struct kernel_ring *ring, const struct process *process, Cr__IoUring *image)
{
	image->flags = ring->flags & ~FLAGS_LEFT_OUT;
	image->sq_entries = ring->sq_entries;
	image->cq_entries = ring->cq_entries;
	image->clock_id = ring->clock_id;
	image->tid = process->threads[0].tracee.tid;
}

static int collect_limits(struct dump *dump, const struct kernel_ring *ring, Cr__IoUring *image)
{
	if (!ring->has_worker_limits)
		return 0;
	image->worker_limits = arena_array(&dump->arena, uint32_t, ARRAY_SIZE(ring->worker_limits));
	if (!image->worker_limits)
		return log_error_errno(-ENOMEM, "cannot note its io_uring");
	image->has_worker_limits = true;
	image->n_worker_limits = ARRAY_SIZE(ring->worker_limits);
	memcpy(image->worker_limits, ring->worker_limits, sizeof(ring->worker_limits));
	return 0;
}

static int collect_ring(struct dump *dump, struct io_urings *rings, struct ring_entry *entry,
			const struct process *process, const struct fd_info *info)
{
	const char *thread = fdinfo_get(&info->fdinfo, "SqThread"), *napi = fdinfo_get(&info->fdinfo, "NAPI");
	struct kernel_ring *ring = &entry->kernel;
	int r;

	entry->is_refused = true;
	if (thread && strcmp(thread, "-1") != 0) {
		blockers_add(&dump->blockers,
			     "a thread of the kernel submits what is in its io_uring (IORING_SETUP_SQPOLL), "
			     "which cannot be preserved yet");
		return 0;
	}
	r = rings->kernel ? kernel_rings_read(rings->kernel, info->our_fd, ring) : -EPERM;
	if (r < 0) {
		blockers_add(
			&dump->blockers,
			"its io_uring cannot be looked at: run cr-dump as root, on a kernel with BPF and "
			"BTF, Linux 6.16 or later");
		return 0;
	}
	if (napi && strcmp(napi, "disabled") != 0)
		blockers_add(&dump->blockers,
			     "its io_uring polls network interfaces (IORING_REGISTER_NAPI), which cannot be "
			     "preserved yet");
	refuse_settings(dump, ring);
	refuse_overflow(dump, ring);
	entry->has_completed = has_completed(ring);
	if (!entry->has_completed)
		io_uring_refuse_flight(dump, ring, &info->fdinfo);
	fill_in(ring, process, entry->image);
	if (entry->image->flags & ~IO_URING_FLAGS_KNOWN)
		return 0;
	r = collect_limits(dump, ring, entry->image);
	if (r == 0)
		r = ask_for_layout(dump, ring, entry->image);
	if (r != 0)
		return MIN(r, 0);
	entry->is_refused = false;
	return look_at_counters(dump, entry, info->our_fd);
}

static int io_uring_collect(struct dump *dump, const struct process *process, const struct fd_info *info,
			    struct open_file *file)
{
	struct io_urings *rings = dump->fd_kind_states[FD_KIND_io_uring];
	struct ring_entry *entry;
	int r = rings ? 0 : state_new(dump, &rings);

	if (r == 0)
		r = new_entry(dump, rings, file, &entry);
	if (r < 0)
		return log_error_errno(r, "cannot note its io_uring");
	r = collect_ring(dump, rings, entry, process, info);
	if (r < 0)
		return r;
	file->entry = &entry->image->base;
	if (!entry->is_refused)
		file->contents_size = io_uring_ring_size(entry->image) + io_uring_entries_size(entry->image);
	file->description = arena_format(&dump->arena,
					 "%" PRIu32 " entries, %" PRIu32 " submitted, %" PRIu32 " to be read",
					 entry->image->sq_entries, entry->image->sq_head,
					 entry->image->cq_tail - entry->image->cq_head);
	return file->description ? 0 : log_error_errno(-ENOMEM, "cannot note its io_uring");
}

static int io_uring_check_all(struct dump *dump)
{
	struct io_urings *rings = dump->fd_kind_states[FD_KIND_io_uring];

	return rings && rings->kernel ? io_uring_resources_check(dump, rings) : 0;
}

/* The number of a ring in a process; -EBADF: it has none. */
static int find_number(const struct process *process, const struct open_file *file)
{
	const Cr__DescriptorTable *table = process->descriptors;

	for (size_t i = 0; table && i < table->n_descriptors; i++)
		if (table->descriptors[i]->open_file_id == file->image.id)
			return table->descriptors[i]->fd;
	return -EBADF;
}

void io_uring_ask(struct dump *dump, const struct process *process, const struct thread *thread,
		  struct batch *batch)
{
	const struct io_urings *rings = dump->fd_kind_states[FD_KIND_io_uring];

	for (size_t i = 0; rings && i < rings->entries_count; i++) {
		const struct ring_entry *entry = rings->entries[i];
		int number =
			entry->has_completed && !entry->is_refused && entry->image->tid == thread->tracee.tid
				? find_number(process, entry->file)
				: -EBADF;

		/* Whether it did is told by the ring. */
		if (number >= 0)
			batch_try(batch, SYS_io_uring_enter, (uint64_t)number, 0, 0, IORING_ENTER_GETEVENTS,
				  0, 0);
	}
}

/* What it is like when its thread has looked. */
static int look_again(struct dump *dump, struct io_urings *rings, struct ring_entry *entry)
{
	cleanup_(fd_info_done) struct fd_info info = {.our_fd = -EBADF};
	int r = open_file_look(entry->file, &info);

	if (r == 0)
		r = kernel_rings_read(rings->kernel, info.our_fd, &entry->kernel);
	if (r < 0)
		return log_error_errno(r, "cannot look at its io_uring again");
	refuse_overflow(dump, &entry->kernel);
	io_uring_refuse_flight(dump, &entry->kernel, &info.fdinfo);
	return look_at_counters(dump, entry, info.our_fd);
}

static int io_uring_asked(struct dump *dump)
{
	struct io_urings *rings = dump->fd_kind_states[FD_KIND_io_uring];
	int r = 0;

	for (size_t i = 0; rings && r == 0 && i < rings->entries_count; i++) {
		OPEN_FILE_LOG_SCOPE(rings->entries[i]->file);
		if (rings->entries[i]->has_completed && !rings->entries[i]->is_refused)
			r = look_again(dump, rings, rings->entries[i]);
	}
	return r;
}

static int write_part(struct dump *dump, const Cr__IoUring *image, int fd, uint64_t offset)
{
	void *memory;
	int r = map_part(image, fd, offset, &memory);

	if (r < 0)
		return r;
	r = archive_writer_data(dump->writer, memory, io_uring_mapping_size(image, offset));
	munmap(memory, io_uring_mapping_size(image, offset));
	return r;
}

static int io_uring_write_contents(struct dump *dump, const struct open_file *file, int our_fd)
{
	const Cr__IoUring *image = (const Cr__IoUring *)file->entry;
	int r = write_part(dump, image, our_fd, IORING_OFF_SQ_RING);

	return r < 0 ? r : write_part(dump, image, our_fd, IORING_OFF_SQES);
}

static void io_uring_done(struct dump *dump)
{
	struct io_urings *rings = dump->fd_kind_states[FD_KIND_io_uring];

	if (!rings)
		return;
	if (rings->kernel)
		kernel_rings_close(rings->kernel);
	free(rings->entries);
	free(rings);
	dump->fd_kind_states[FD_KIND_io_uring] = NULL;
}

const struct fd_dumper io_uring_fd_dumper = {
	.name = "io_uring",
	.inside_only_name = "[io_uring]",
	.matches = io_uring_matches,
	.collect = io_uring_collect,
	.check = io_uring_check_all,
	.asked = io_uring_asked,
	.write_contents = io_uring_write_contents,
	.done = io_uring_done,
};
