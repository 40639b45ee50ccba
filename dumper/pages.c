/* SPDX-License-Identifier: MIT */
/* Which pages hold contents, and their way into the archive. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/interrupt.h"
#include "common/log.h"
#include "common/pagemap.h"
#include "common/progress.h"
#include "common/vector.h"
#include "dumper/cow.h"
#include "dumper/memory.h"

/* Pages looked at in one process_vm_readv, and how much of each decides that it is not all zeros. */
#define SAMPLE_PAGES 512
#define SAMPLE_SIZE 64
#define SAMPLE_OFFSET 1024
/* Pages that are read at once where the sample leaves it open. */
#define WHOLE_PAGES 32

struct page_run {
	uint64_t page, count;
};

enum page_class { PAGES_DATA, PAGES_ZERO, PAGES_OF_PARENT, PAGES_GUARD, PAGE_CLASSES };

struct run_list {
	struct page_run *runs;
	size_t runs_count, runs_capacity;
};

/* Pages, not necessarily adjacent, of which it is not known yet whether they are all zeros. */
struct page_queue {
	uint64_t pages[SAMPLE_PAGES];
	size_t count;
	bool is_exclusive; /* see struct page_source */
	bool is_sparse;    /* samples of the last ones told little: these are not sampled */
};

/* What is being collected: lists of runs, of adjacent pages each. */
struct page_lists {
	struct page_queue queue;
	struct run_list lists[PAGE_CLASSES];
	struct cow cow;
	bool has_shared; /* with whatever other process */
};

/*
 * process_vm_readv(2) is faster, but gives a process a copy of each page that it reads and that is shared
 * since a fork: it pins them. Reading from /proc/PID/mem leaves them alone.
 */
struct page_source {
	pid_t pid;
	int mem_fd;
	bool is_exclusive; /* what is read now is not shared */
	/* A page that is a copy of the file's for no other reason than that the executor stood there; 0:
	 * none. */
	uint64_t copied_page;
};

static void page_lists_done(struct page_lists *lists)
{
	for (size_t i = 0; i < PAGE_CLASSES; i++)
		free(lists->lists[i].runs);
	cow_done(&lists->cow);
}

static int add_pages(struct page_lists *lists, enum page_class class, uint64_t page, uint64_t count)
{
	struct run_list *list = &lists->lists[class];
	struct page_run *last = list->runs;

	if (list->runs_count > 0 &&
	    last[list->runs_count - 1].page + last[list->runs_count - 1].count == page) {
		last[list->runs_count - 1].count += count;
		return 0;
	}
	last = vector_append(list, runs);
	if (!last)
		return -ENOMEM;
	*last = (struct page_run){page, count};
	return 0;
}

static bool is_all_zero(const unsigned char *bytes, size_t size)
{
	return bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0;
}

/* Reads COUNT pages, WHOLE_PAGES at most, that ascend. Where the task itself may not read, and for pages that
 * it shares, through /proc/PID/mem. */
static int read_pages(const struct page_source *source, bool is_exclusive, const uint64_t *pages,
		      size_t count, unsigned char (*buffer)[PAGE_SIZE_BYTES])
{
	struct iovec remote[WHOLE_PAGES] = {0}, local = {buffer, count * PAGE_SIZE_BYTES};
	size_t runs = 0;

	for (size_t i = 0; i < count; i++) {
		if (i == 0 || pages[i] != pages[i - 1] + 1)
			remote[runs++].iov_base = (void *)(pages[i] * PAGE_SIZE_BYTES);
		remote[runs - 1].iov_len += PAGE_SIZE_BYTES;
	}
	if (is_exclusive &&
	    process_vm_readv(source->pid, &local, 1, remote, runs, 0) == (ssize_t)local.iov_len)
		return 0;
	for (size_t i = 0; i < runs; buffer += remote[i].iov_len / PAGE_SIZE_BYTES, i++) {
		int r = file_pread_full(source->mem_fd, buffer, remote[i].iov_len,
					(off_t)(uintptr_t)remote[i].iov_base);

		if (r < 0)
			return log_error_errno(r, "cannot read its memory at %p", remote[i].iov_base);
	}
	return 0;
}

/* Which pages of the queue may be all zeros, as far as samples tell: *ZERO. */
static void look_at_samples(const struct page_source *source, const struct page_queue *queue, bool *zero)
{
	unsigned char samples[SAMPLE_PAGES][SAMPLE_SIZE];
	struct iovec remote[SAMPLE_PAGES] = {0}, local = {samples, queue->count * SAMPLE_SIZE};
	bool has_samples;

	for (size_t i = 0; i < queue->count; i++)
		remote[i] = (struct iovec){(void *)(queue->pages[i] * PAGE_SIZE_BYTES + SAMPLE_OFFSET),
					   SAMPLE_SIZE};
	has_samples =
		queue->count > 0 && queue->is_exclusive && !queue->is_sparse &&
		process_vm_readv(source->pid, &local, 1, remote, queue->count, 0) == (ssize_t)local.iov_len;
	for (size_t i = 0; i < queue->count; i++)
		zero[i] = !has_samples || is_all_zero(samples[i], SAMPLE_SIZE);
}

/* Reads those that may be, and leaves *ZERO true for those that are. *RET_OPEN: for how many a sample leaves
 * it open. */
static int look_at_wholes(const struct page_source *source, const struct page_queue *queue, bool *zero,
			  size_t *ret_open)
{
	unsigned char wholes[WHOLE_PAGES][PAGE_SIZE_BYTES];
	uint64_t pages[WHOLE_PAGES];
	size_t indexes[WHOLE_PAGES], count = 0, open = 0;

	for (size_t i = 0; i < queue->count; i++) {
		if (zero[i]) {
			indexes[count] = i;
			pages[count++] = queue->pages[i];
		}
		if (count == 0 || (count < WHOLE_PAGES && i + 1 < queue->count))
			continue;
		int r = read_pages(source, queue->is_exclusive, pages, count, wholes);

		if (r < 0)
			return r;
		for (size_t k = 0; k < count; k++) {
			open += is_all_zero(wholes[k] + SAMPLE_OFFSET, SAMPLE_SIZE);
			zero[indexes[k]] = is_all_zero(wholes[k], PAGE_SIZE_BYTES);
		}
		count = 0;
	}
	*ret_open = open;
	return 0;
}

/* Splits what is queued: most pages are told from a small sample of each. */
static int queue_flush(const struct page_source *source, struct page_lists *lists)
{
	struct page_queue *queue = &lists->queue;
	bool zero[SAMPLE_PAGES];
	size_t open = 0;
	int r;

	look_at_samples(source, queue, zero);
	r = look_at_wholes(source, queue, zero, &open);
	queue->is_sparse = open > queue->count / 2;
	for (size_t i = 0; r == 0 && i < queue->count; i++)
		r = add_pages(lists, zero[i] ? PAGES_ZERO : PAGES_DATA, queue->pages[i], 1);
	queue->count = 0;
	return r;
}

static int queue_add(const struct page_source *source, struct page_lists *lists, uint64_t page,
		     uint64_t count)
{
	struct page_queue *queue = &lists->queue;
	int r = queue->is_exclusive != source->is_exclusive ? queue_flush(source, lists) : 0;

	queue->is_exclusive = source->is_exclusive;
	for (uint64_t i = 0; r == 0 && i < count; i++) {
		if (queue->count == SAMPLE_PAGES)
			r = queue_flush(source, lists);
		if (r == 0)
			queue->pages[queue->count++] = page + i;
	}
	return r;
}

/* A page that a file would show otherwise must be stored even if it is all zeros. */
static int add_own(const struct page_source *source, struct page_lists *lists, const Cr__Mapping *mapping,
		   uint64_t start, uint64_t end)
{
	uint64_t page = start / PAGE_SIZE_BYTES, count = (end - start) / PAGE_SIZE_BYTES;
	int r;

	if (mapping->kind == CR__MAPPING_KIND__MAPPING_ANONYMOUS)
		return queue_add(source, lists, page, count);
	r = queue_flush(source, lists); /* the list ascends */
	if (r == 0 && source->copied_page >= page && source->copied_page < page + count) {
		uint64_t before = source->copied_page - page;

		if (before > 0)
			r = add_pages(lists, PAGES_DATA, page, before);
		page += before + 1;
		count -= before + 1;
	}
	return r < 0 || count == 0 ? r : add_pages(lists, PAGES_DATA, page, count);
}

/* Pages of the parent are in its own list; the rest of what was looked at is the process's. */
static int add_looked_at(struct page_source *source, struct page_lists *lists, const Cr__Mapping *mapping,
			 uint64_t start, size_t count, const struct cow_pages *pages)
{
	int r = 0;

	source->is_exclusive = pages->is_exclusive;
	lists->has_shared |= !pages->is_exclusive;
	for (size_t i = 0, next; r == 0 && i < count; i = next) {
		uint64_t at = start + i * PAGE_SIZE_BYTES;

		for (next = i + 1; next < count && pages->is_of_parent[next] == pages->is_of_parent[i];)
			next++;
		if (pages->is_of_parent[i])
			r = add_pages(lists, PAGES_OF_PARENT, at / PAGE_SIZE_BYTES, next - i);
		else
			r = add_own(source, lists, mapping, at, at + (next - i) * PAGE_SIZE_BYTES);
	}
	return r;
}

static int add_range(struct page_source *source, struct page_lists *lists, const Cr__Memory *memory,
		     size_t index, uint64_t start, uint64_t end)
{
	uint64_t twin_end = cow_twin_end(&lists->cow, index);

	while (start < end) {
		bool is_twin = start < twin_end;
		uint64_t until = is_twin ? MIN(end, twin_end) : end;
		size_t count = (size_t)MIN((until - start) / PAGE_SIZE_BYTES, (uint64_t)COW_PAGES_MAX);
		struct cow_pages pages;
		int r = cow_look(&lists->cow, start / PAGE_SIZE_BYTES, count, is_twin, &pages);

		if (r == 0)
			r = add_looked_at(source, lists, memory->mappings[index], start, count, &pages);
		if (r < 0)
			return r;
		start += count * PAGE_SIZE_BYTES;
	}
	return 0;
}

static bool has_contents_of_its_own(const Cr__Mapping *mapping)
{
	return mapping->kind == CR__MAPPING_KIND__MAPPING_ANONYMOUS ||
	       mapping->kind == CR__MAPPING_KIND__MAPPING_FILE_PRIVATE;
}

/* 0 also if the file cannot be asked: then the page is stored. */
static uint64_t find_copied_page(const struct process *process, int mem_fd)
{
	unsigned char page[PAGE_SIZE_BYTES], of_file[PAGE_SIZE_BYTES];
	const struct vma *vma = vma_list_find(&process->vmas, process->executor_page);
	cleanup_close int fd = -EBADF;
	char link[64];

	if (process->executor_page == 0 || !vma || vma->inode == 0)
		return 0;
	snprintf(link, sizeof(link), "map_files/%lx-%lx", (unsigned long)vma->start, (unsigned long)vma->end);
	fd = openat(process->proc_fd, link, O_RDONLY | O_CLOEXEC);
	if (fd < 0 ||
	    file_pread_full(fd, of_file, sizeof(of_file),
			    (off_t)(vma->offset + process->executor_page - vma->start)) < 0 ||
	    file_pread_full(mem_fd, page, sizeof(page), (off_t)process->executor_page) < 0)
		return 0;
	return memcmp(page, of_file, sizeof(page)) == 0 ? process->executor_page / PAGE_SIZE_BYTES : 0;
}

/* Walks the ranges with contents and the mappings together; both ascend. */
static int scan(struct process *process, int pagemap_fd, int mem_fd, struct page_lists *lists)
{
	cleanup_free struct pagemap_scan *scan = malloc(sizeof(*scan));
	const Cr__Memory *memory = process->memory;
	struct page_source source = {
		.pid = process->threads[0].tracee.tid,
		.mem_fd = mem_fd,
		.copied_page = find_copied_page(process, mem_fd),
	};
	struct pagemap_range range;
	size_t at = 0;
	int r;

	if (!scan)
		return -ENOMEM;
	pagemap_scan_init(scan, pagemap_fd, 0, COW_USER_SPACE_END, PAGEMAP_ANONYMOUS_CONTENT,
			  PAGEMAP_METHOD_AUTO);
	while ((r = pagemap_scan_next(scan, &range)) > 0) {
		while (at < memory->n_mappings && memory->mappings[at]->end <= range.start)
			at++;
		for (size_t i = at; i < memory->n_mappings && memory->mappings[i]->start < range.end; i++) {
			const Cr__Mapping *mapping = memory->mappings[i];

			if (!has_contents_of_its_own(mapping))
				continue;
			r = add_range(&source, lists, memory, i, MAX(range.start, mapping->start),
				      MIN(range.end, mapping->end));
			if (r < 0)
				return r;
		}
	}
	return r < 0 ? r : queue_flush(&source, lists);
}

/* A fault for whoever touches them: they are not to be read, and may be in any mapping. */
static int scan_guards(const struct dump *dump, int pagemap_fd, struct page_lists *lists)
{
	cleanup_free struct pagemap_scan *scan = NULL;
	struct pagemap_range range;
	int r;

	if (!dump->features.has_pagemap_guard)
		return 0;
	scan = malloc(sizeof(*scan));
	if (!scan)
		return -ENOMEM;
	pagemap_scan_init(scan, pagemap_fd, 0, COW_USER_SPACE_END, PAGEMAP_GUARDS, PAGEMAP_METHOD_AUTO);
	while ((r = pagemap_scan_next(scan, &range)) > 0) {
		r = add_pages(lists, PAGES_GUARD, range.start / PAGE_SIZE_BYTES,
			      (range.end - range.start) / PAGE_SIZE_BYTES);
		if (r < 0)
			return r;
	}
	return r;
}

static int store_runs(struct dump *dump, const struct run_list *list, size_t *ret_count, uint64_t **ret_pages,
		      uint64_t **ret_counts)
{
	const struct page_run *runs = list->runs;
	size_t count = list->runs_count;
	uint64_t *pages = arena_array(&dump->arena, uint64_t, count);
	uint64_t *counts = arena_array(&dump->arena, uint64_t, count);

	if (!pages || !counts)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		pages[i] = runs[i].page;
		counts[i] = runs[i].count;
	}
	*ret_pages = pages;
	*ret_counts = counts;
	*ret_count = count;
	return 0;
}

static int open_proc(struct process *process, const char *name, int *ret_fd)
{
	int fd = openat(process->proc_fd, name, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return log_error_errno(-errno, "cannot open its /proc/PID/%s", name);
	*ret_fd = fd;
	return 0;
}

int pages_collect(struct dump *dump, struct process *process)
{
	cleanup_(page_lists_done) struct page_lists lists = {.cow = COW_NONE};
	cleanup_close int pagemap_fd = -EBADF, mem_fd = -EBADF;
	Cr__Memory *memory = process->memory;
	int r = open_proc(process, "pagemap", &pagemap_fd);

	if (r == 0)
		r = open_proc(process, "mem", &mem_fd);
	if (r < 0)
		return r;
	r = cow_begin(&lists.cow, dump, process);
	if (r < 0)
		return r;
	r = scan(process, pagemap_fd, mem_fd, &lists);
	if (r == 0)
		r = scan_guards(dump, pagemap_fd, &lists);
	if (r == 0)
		r = store_runs(dump, &lists.lists[PAGES_DATA], &memory->n_run_pages, &memory->run_pages,
			       &memory->run_counts);
	if (r == 0)
		r = store_runs(dump, &lists.lists[PAGES_ZERO], &memory->n_zero_pages, &memory->zero_pages,
			       &memory->zero_counts);
	if (r == 0)
		r = store_runs(dump, &lists.lists[PAGES_OF_PARENT], &memory->n_parent_pages,
			       &memory->parent_pages, &memory->parent_counts);
	if (r == 0)
		r = store_runs(dump, &lists.lists[PAGES_GUARD], &memory->n_guard_pages, &memory->guard_pages,
			       &memory->guard_counts);
	if (r < 0)
		return log_error_errno(r, "cannot find out which pages hold contents");
	process->has_shared_pages = lists.has_shared;
	memory->n_run_counts = memory->n_run_pages;
	memory->n_zero_counts = memory->n_zero_pages;
	memory->n_parent_counts = memory->n_parent_pages;
	memory->n_guard_counts = memory->n_guard_pages;
	for (size_t i = 0; i < memory->n_run_counts; i++)
		process->summary->stored_bytes += memory->run_counts[i] * PAGE_SIZE_BYTES;
	return 0;
}

/* Reads what follows at *PAGE of run *RUN into BUFFER; several runs at once, as they fill the room. */
static int read_runs(struct process *process, int mem_fd, size_t *run, uint64_t *page, unsigned char *buffer,
		     size_t size)
{
	const Cr__Memory *memory = process->memory;
	struct iovec local = {buffer, size}, remote[256] = {0};
	size_t filled = 0, count = 0;

	while (filled < size && count < ARRAY_SIZE(remote)) {
		uint64_t left = (memory->run_counts[*run] - *page) * PAGE_SIZE_BYTES;
		size_t part = MIN((size_t)left, size - filled);

		remote[count++] =
			(struct iovec){(void *)((memory->run_pages[*run] + *page) * PAGE_SIZE_BYTES), part};
		filled += part;
		*page += part / PAGE_SIZE_BYTES;
		if (*page == memory->run_counts[*run]) {
			*page = 0;
			(*run)++;
		}
	}
	local.iov_len = filled;
	if (!process->has_shared_pages &&
	    process_vm_readv(process->threads[0].tracee.tid, &local, 1, remote, count, 0) == (ssize_t)filled)
		return (int)filled;
	/* Or some range is not readable for the task itself. */
	for (size_t i = 0, at = 0; i < count; at += remote[i].iov_len, i++) {
		int r = file_pread_full(mem_fd, buffer + at, remote[i].iov_len,
					(off_t)(uintptr_t)remote[i].iov_base);

		if (r < 0)
			return log_error_errno(r, "cannot read its memory at %p", remote[i].iov_base);
	}
	return (int)filled;
}

int pages_write(struct dump *dump, struct process *process, struct progress *progress, uint64_t *done)
{
	cleanup_close int mem_fd = -EBADF;
	uint64_t left = process->summary->stored_bytes, page = 0;
	size_t run = 0;
	char name[32];
	int r = open_proc(process, "mem", &mem_fd);

	if (r < 0)
		return r;
	snprintf(name, sizeof(name), "pages/%d", (int)process->pidref.pid);
	r = archive_writer_member_begin(dump->writer, name, left);
	/* Contents begin a frame, so that no page lies across two. */
	if (r == 0 && left > 0)
		r = archive_writer_flush_frame(dump->writer);
	while (r == 0 && left > 0) {
		void *buffer;
		size_t size;
		int filled;

		r = archive_writer_reserve(dump->writer, (size_t)MIN(left, (uint64_t)1 << 20), &buffer,
					   &size);
		if (r < 0)
			return r;
		if (interrupted())
			return -EINTR;
		filled = read_runs(process, mem_fd, &run, &page, buffer, size - size % PAGE_SIZE_BYTES);
		if (filled < 0)
			return filled;
		r = archive_writer_commit(dump->writer, (size_t)filled);
		left -= (uint64_t)filled;
		*done += (uint64_t)filled;
		progress_update(progress, *done);
	}
	return r < 0 ? r : archive_writer_member_end(dump->writer);
}
