/* SPDX-License-Identifier: MIT */
/*
 * Buffers that are registered with io_urings.
 *
 * The kernel holds their pages, wherever the program has gone with its memory meanwhile. They can be
 * registered again if they are still what is at that address, which is seen by the numbers of the page
 * frames: those of the addresses are told by the kernel, see proc_pid_pagemap(5); those of the buffer follow
 * from where the kernel keeps its notes of pages, which stand one after the other.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/log.h"
#include "dumper/fd/io_uring.h"

/* Of struct page on x86-64. */
#define PAGE_NOTE_SIZE 64
#define ENTRY_PRESENT (UINT64_C(1) << 63)
#define ENTRY_FRAME ((UINT64_C(1) << 55) - 1)
#define ENTRIES_AT_ONCE 512U
#define PIECES_AT_ONCE 64U

/* A part of the page table of a process. */
struct page_table {
	int pagemap_fd;
	uint64_t first; /* number of the page, or UINT64_MAX */
	uint64_t entries[ENTRIES_AT_ONCE];
};

/* A page whose note and frame are known. */
struct known_page {
	uint64_t note, frame;
};

/* 0: it is not there, or hidden. */
static int find_frame(struct page_table *table, uint64_t address, uint64_t *ret_frame)
{
	uint64_t number = address / PAGE_SIZE_BYTES, entry;

	if (number - table->first >= ENTRIES_AT_ONCE) {
		uint64_t first = number / ENTRIES_AT_ONCE * ENTRIES_AT_ONCE;
		int r = file_pread_full(table->pagemap_fd, table->entries, sizeof(table->entries),
					(off_t)(first * sizeof(entry)));

		table->first = r == 0 ? first : UINT64_MAX;
		if (r < 0)
			return r;
	}
	entry = table->entries[number - table->first];
	*ret_frame = entry & ENTRY_PRESENT ? entry & ENTRY_FRAME : 0;
	return 0;
}

/* Of the first page of a part of the ring, which we can map. */
static int know_page(struct page_table *own, int fd, uint64_t offset, struct kernel_address note,
		     struct known_page *ret_page)
{
	volatile char *memory = mmap(NULL, PAGE_SIZE_BYTES, PROT_READ, MAP_SHARED, fd, (off_t)offset);
	int r;

	if (memory == MAP_FAILED)
		return -errno;
	(void)*memory;
	ret_page->note = note.value;
	own->first = UINT64_MAX;
	r = find_frame(own, (uintptr_t)memory, &ret_page->frame);
	munmap((void *)(uintptr_t)memory, PAGE_SIZE_BYTES);
	return r;
}

/* Two of them show that the notes are as is thought. */
static int know_pages(const struct ring_entry *entry, struct known_page *ret_page)
{
	cleanup_close int pagemap_fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC), fd = -EBADF;
	struct page_table own = {.pagemap_fd = pagemap_fd};
	struct known_page other;
	int r = pagemap_fd < 0 ? -errno : open_file_take(entry->file, &fd);

	if (r == 0)
		r = know_page(&own, fd, IORING_OFF_SQ_RING, entry->kernel.rings_page, ret_page);
	if (r == 0)
		r = know_page(&own, fd, IORING_OFF_SQES, entry->kernel.entries_page, &other);
	if (r < 0)
		return r;
	if (ret_page->frame == 0 ||
	    other.note - ret_page->note != (other.frame - ret_page->frame) * PAGE_NOTE_SIZE)
		return -EPERM;
	return 0;
}

/* Whether PIECE is what is at ADDRESS. */
static int is_piece_at(struct page_table *table, const struct known_page *known,
		       const struct kernel_ring_piece *piece, uint64_t address, bool *ret_is_there)
{
	uint64_t frame =
		known->frame + (uint64_t)((int64_t)(piece->page.value - known->note) / PAGE_NOTE_SIZE);
	uint64_t at = frame * PAGE_SIZE_BYTES + piece->offset, found;

	*ret_is_there = at % PAGE_SIZE_BYTES == address % PAGE_SIZE_BYTES;
	for (uint64_t done = 0; *ret_is_there && done < piece->size;
	     done += PAGE_SIZE_BYTES - (address + done) % PAGE_SIZE_BYTES) {
		int r = find_frame(table, address + done, &found);

		if (r < 0)
			return r;
		*ret_is_there = found == (at + done) / PAGE_SIZE_BYTES;
	}
	return 0;
}

static int is_all_there(struct io_urings *rings, struct page_table *table, const struct known_page *known,
			const struct kernel_ring_buffer *buffer, bool *ret_is_there)
{
	uint64_t address = buffer->address;

	*ret_is_there = true;
	for (uint32_t i = 0; *ret_is_there && i < buffer->pieces_count; i += PIECES_AT_ONCE) {
		struct kernel_ring_piece pieces[PIECES_AT_ONCE];
		uint32_t count = MIN(buffer->pieces_count - i, PIECES_AT_ONCE);
		int r = kernel_rings_read_pieces(rings->kernel, buffer, i, count, pieces);

		for (uint32_t k = 0; r == 0 && *ret_is_there && k < count; k++) {
			r = is_piece_at(table, known, &pieces[k], address, ret_is_there);
			address += pieces[k].size;
		}
		if (r < 0)
			return r;
	}
	*ret_is_there = *ret_is_there && address == buffer->address + buffer->size;
	return 0;
}

/* The kernel wants to write to them when they are registered. */
static bool is_writable(const struct process *process, const struct kernel_ring_buffer *buffer)
{
	uint64_t at = buffer->address, end = buffer->address + buffer->size;

	while (at < end) {
		const struct vma *vma = vma_list_find(&process->vmas, at);

		if (!vma || !(vma->prot & PROT_WRITE))
			return false;
		at = vma->end;
	}
	return true;
}

static int check_buffer(struct dump *dump, struct io_urings *rings, const struct process *process,
			struct page_table *table, const struct known_page *known,
			const struct kernel_ring_buffer *buffer)
{
	bool is_there = false;
	int r = 0;

	if (!buffer->is_kernels && buffer->size > 0)
		r = is_all_there(rings, table, known, buffer, &is_there);
	if (r < 0 || buffer->size == 0)
		return r;
	if (!is_there)
		blockers_add(&dump->blockers,
			     "its io_uring has a buffer registered, at %#" PRIx64
			     " (IORING_REGISTER_BUFFERS), that is not what is in memory there by now, which "
			     "cannot be preserved",
			     buffer->address);
	else if (!is_writable(process, buffer))
		blockers_add(
			&dump->blockers,
			"its io_uring has a buffer registered, at %#" PRIx64
			" (IORING_REGISTER_BUFFERS), that may not be written to any more: it could not be "
			"registered again",
			buffer->address);
	return 0;
}

static int add_buffer(struct dump *dump, Cr__IoUring *image, uint32_t index,
		      const struct kernel_ring_buffer *buffer)
{
	Cr__IoUringBuffer *added;

	if (buffer->size == 0)
		return 0;
	added = arena_new(&dump->arena, Cr__IoUringBuffer);
	if (!added)
		return -ENOMEM;
	cr__io_uring_buffer__init(added);
	added->index = index;
	added->address = buffer->address;
	added->size = buffer->size;
	added->tag = buffer->tag;
	image->buffers[image->n_buffers++] = added;
	return 0;
}

/* In whose memory they are: of the process whose thread is to make the ring. */
static const struct process *find_process(const struct dump *dump, pid_t tid)
{
	for (size_t i = 0; i < dump->processes_count; i++)
		for (size_t k = 0; k < dump->processes[i].threads_count; k++)
			if (dump->processes[i].threads[k].tracee.tid == tid)
				return &dump->processes[dump->processes[i].owners[SHARED_MEMORY]];
	return NULL;
}

int io_uring_buffers_check(struct dump *dump, struct io_urings *rings, struct ring_entry *entry)
{
	const struct process *process = find_process(dump, entry->image->tid);
	cleanup_close int pagemap_fd = -EBADF;
	struct page_table table = {.first = UINT64_MAX};
	struct known_page known;
	int r;

	if (entry->kernel.buffers_count == 0)
		return 0;
	r = process ? know_pages(entry, &known) : -ESRCH;
	if (r < 0) {
		blockers_add(
			&dump->blockers,
			"its io_uring has buffers registered (IORING_REGISTER_BUFFERS), and whether they are "
			"still in its memory cannot be told: run cr-dump as root");
		return 0;
	}
	pagemap_fd = openat(process->proc_fd, "pagemap", O_RDONLY | O_CLOEXEC);
	table.pagemap_fd = pagemap_fd;
	entry->image->buffers_count = entry->kernel.buffers_count;
	entry->image->buffers = arena_array(&dump->arena, Cr__IoUringBuffer *, entry->kernel.buffers_count);
	r = pagemap_fd < 0 ? -errno : entry->image->buffers ? 0 : -ENOMEM;
	for (uint32_t i = 0; r == 0 && i < entry->kernel.buffers_count; i++) {
		struct kernel_ring_buffer buffer;

		r = kernel_rings_read_buffer(rings->kernel, &entry->kernel, i, &buffer);
		if (r == 0)
			r = check_buffer(dump, rings, process, &table, &known, &buffer);
		if (r == 0)
			r = add_buffer(dump, entry->image, i, &buffer);
	}
	return r < 0 ? log_error_errno(r, "cannot look at the buffers of its io_uring") : 0;
}
