/* SPDX-License-Identifier: MIT */
/* Whether this host has the huge pages that the program needs: hugetlbpage.rst of the kernel. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/log.h"
#include "common/memfd.h"
#include "restorer/ghost.h"
#include "restorer/preflight.h"

#define POOL_FORMAT                                                                                          \
	"/sys/kernel/mm/hugepages/hugepages-%ju"                                                             \
	"kB"
#define POOL_TEXT_MAX 64

/* How many are needed at least, by the logarithm of their size: what is certain to fail with fewer. */
struct demand {
	uint64_t pages[HUGE_PAGE_SHIFT_MASK + 1];
};

static void add(struct demand *demand, uint64_t page_size, uint64_t pages)
{
	uint64_t *count = &demand->pages[__builtin_ctzll(page_size)];

	if (__builtin_add_overflow(*count, pages, count))
		*count = UINT64_MAX;
}

/* Huge pages of START..END in which runs of pages lie. */
static uint64_t count_touched(const Cr__Memory *memory, uint64_t start, uint64_t end, uint64_t page_size)
{
	uint64_t count = 0, next = start;

	for (size_t i = 0; i < memory->n_run_pages; i++) {
		uint64_t run = memory->run_pages[i] * PAGE_SIZE_BYTES;
		uint64_t run_end = MIN(run + memory->run_counts[i] * PAGE_SIZE_BYTES, end);
		uint64_t at = MAX(run / page_size * page_size, next);

		if (at >= run_end)
			continue;
		next = ALIGN_UP(run_end, page_size);
		count += (next - at) / page_size;
	}
	return count;
}

/* A private mapping reserves its pages when it is made; one that came by fork(2) does not. */
static void add_memory(struct demand *demand, const struct task *task)
{
	const Cr__Memory *memory = task->memory;

	for (size_t i = 0; i < memory->n_mappings; i++) {
		const Cr__Mapping *mapping = memory->mappings[i];
		uint64_t page_size = UINT64_C(1)
				     << (mapping->flags >> HUGE_PAGE_SHIFT_AT & HUGE_PAGE_SHIFT_MASK);

		if (!(mapping->flags & MAP_HUGETLB))
			continue;
		if (mapping->flags & MAP_NORESERVE || task->is_late)
			add(demand, page_size,
			    count_touched(memory, mapping->start, mapping->end, page_size));
		else
			add(demand, page_size, (mapping->end - mapping->start) / page_size);
	}
}

static uint64_t count_stored(const Cr__Ghost *image)
{
	uint64_t count = 0, next = 0;

	for (size_t i = 0; i < image->n_extent_sizes; i++) {
		uint64_t start =
			MAX(image->extent_offsets[i] / image->huge_page_size * image->huge_page_size, next);

		next = ALIGN_UP(image->extent_offsets[i] + image->extent_sizes[i], image->huge_page_size);
		count += next > start ? (next - start) / image->huge_page_size : 0;
	}
	return count;
}

/* What is mapped is reserved, and what is stored is there. */
static uint64_t count_mapped(const struct restore *restore, const Cr__Ghost *image)
{
	uint64_t most = 0;

	for (size_t i = 0; i < restore->tasks_count; i++) {
		const Cr__Memory *memory = restore->tasks[i].memory;

		for (size_t k = 0; memory && k < memory->n_mappings; k++) {
			const Cr__Mapping *mapping = memory->mappings[k];

			if (mapping->kind == CR__MAPPING_KIND__MAPPING_FILE_SHARED &&
			    !(mapping->flags & MAP_NORESERVE) && mapping->file < memory->n_files &&
			    memory->files[mapping->file]->ghost_id == image->id)
				most = MAX(most, (mapping->end - mapping->start) / image->huge_page_size);
		}
	}
	return MIN(most, image->size / image->huge_page_size);
}

static void add_ghost(struct demand *demand, const struct restore *restore, const struct ghost *ghost)
{
	const Cr__Ghost *image = ghost->image;

	if (image->huge_page_size == 0 || image->origin == CR__GHOST_ORIGIN__GHOST_LINKED)
		return;
	if (image->origin == CR__GHOST_ORIGIN__GHOST_SYSV)
		add(demand, image->huge_page_size,
		    ghost_sysv_is_left(ghost) ? 0 : image->size / image->huge_page_size);
	else
		add(demand, image->huge_page_size, MAX(count_stored(image), count_mapped(restore, image)));
}

static int read_number(int pool_fd, const char *name, uint64_t *ret_number)
{
	cleanup_free char *text = NULL;
	int r = file_read_at(pool_fd, name, POOL_TEXT_MAX, &text, NULL);

	if (r < 0)
		return r;
	*ret_number = strtoull(text, NULL, 10);
	return 0;
}

/* Those that nobody has or has reserved, and those that the kernel may make besides. */
static int count_available(int pool_fd, uint64_t *ret_count)
{
	uint64_t free_pages = 0, reserved = 0, most = 0, surplus = 0;
	int r = read_number(pool_fd, "free_hugepages", &free_pages);

	if (r == 0)
		r = read_number(pool_fd, "resv_hugepages", &reserved);
	if (r == 0)
		r = read_number(pool_fd, "nr_overcommit_hugepages", &most);
	if (r == 0)
		r = read_number(pool_fd, "surplus_hugepages", &surplus);
	if (r < 0)
		return r;
	*ret_count = free_pages - MIN(reserved, free_pages) + (most - MIN(surplus, most));
	return 0;
}

static void check_pool(struct restore *restore, uint64_t page_size, uint64_t needed)
{
	uintmax_t kib = page_size / 1024;
	cleanup_close int fd = -EBADF;
	uint64_t available = 0;
	char path[64];

	snprintf(path, sizeof(path), POOL_FORMAT, kib);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		blockers_add(&restore->blockers,
			     "the program has huge pages of %ju KiB, which this host does not know", kib);
		return;
	}
	if (count_available(fd, &available) < 0 || needed <= available)
		return;
	blockers_add(&restore->blockers,
		     "the program needs %" PRIu64 " huge pages of %ju KiB, and %" PRIu64
		     " are free here: make the number in '%s/nr_hugepages' greater by %" PRIu64,
		     needed, kib, available, path, needed - available);
}

void preflight_huge(struct restore *restore)
{
	struct demand demand = {0};

	for (size_t i = 0; i < restore->tasks_count; i++)
		if (restore->tasks[i].memory && task_owns(&restore->tasks[i], SHARED_MEMORY))
			add_memory(&demand, &restore->tasks[i]);
	for (size_t i = 0; i < restore->ghosts_count; i++)
		add_ghost(&demand, restore, &restore->ghosts[i]);
	for (size_t shift = 0; shift < ARRAY_SIZE(demand.pages); shift++)
		if (demand.pages[shift] > 0)
			check_pool(restore, UINT64_C(1) << shift, demand.pages[shift]);
}
