/* SPDX-License-Identifier: MIT */
/* What a valid image of an address space is. */
#include "format/task/memory_check.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>

#include "common/log.h"
#include "common/memfd.h"
#include "common/proc/auxv.h"
#include "common/proc/maps.h"
#include "format/task/aio.h"
#include "format/task/memory_policy.h"

/* Linux 6.11; many systems' headers are older. */
#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 0x08
#endif

#define MAPPING_FLAGS_KNOWN                                                                                  \
	((uint64_t)(MAP_SHARED | MAP_PRIVATE | MAP_DROPPABLE | MAP_ANONYMOUS | MAP_GROWSDOWN |               \
		    MAP_NORESERVE | MAP_STACK | MAP_HUGETLB) |                                               \
	 HUGE_PAGE_SHIFT_MASK << HUGE_PAGE_SHIFT_AT)

/* ANON_VMA_NAME_MAX_LEN of the kernel, with the '\0'. */
#define MAPPING_NAME_SIZE 80

static const uint32_t known_advice[] = {
	MADV_RANDOM,   MADV_SEQUENTIAL, MADV_DONTFORK, MADV_MERGEABLE,
	MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_DONTDUMP, MADV_WIPEONFORK,
};

#define bad_memory(...) (log_error("the image of the memory is bad: " __VA_ARGS__), -EBADMSG)

static bool path_is_valid(const char *path)
{
	return path && path[0] == '/' && strlen(path) < PATH_MAX;
}

static bool mapping_is_of_file(const Cr__Mapping *mapping)
{
	return mapping->kind == CR__MAPPING_KIND__MAPPING_FILE_PRIVATE ||
	       mapping->kind == CR__MAPPING_KIND__MAPPING_FILE_SHARED;
}

static bool mapping_is_kernel_data(const Cr__Mapping *mapping)
{
	return mapping->kind == CR__MAPPING_KIND__MAPPING_VVAR ||
	       mapping->kind == CR__MAPPING_KIND__MAPPING_VVAR_VCLOCK ||
	       mapping->kind == CR__MAPPING_KIND__MAPPING_AIO ||
	       mapping->kind == CR__MAPPING_KIND__MAPPING_RING;
}

static bool advice_is_known(uint32_t advice)
{
	for (size_t i = 0; i < ARRAY_SIZE(known_advice); i++)
		if (known_advice[i] == advice)
			return true;
	return false;
}

static int advice_check(const Cr__Mapping *mapping)
{
	if (mapping->n_advice > ARRAY_SIZE(known_advice))
		return bad_memory("the mapping at %#" PRIx64 " has %zu pieces of advice", mapping->start,
				  mapping->n_advice);
	for (size_t i = 0; i < mapping->n_advice; i++)
		if (!advice_is_known(mapping->advice[i]))
			return bad_memory("the mapping at %#" PRIx64 " has the unknown advice %" PRIu32,
					  mapping->start, mapping->advice[i]);
	return 0;
}

/* MAP_HUGETLB is of anonymous memory: a file has such pages of itself. */
static int huge_pages_check(const Cr__Mapping *mapping)
{
	uint64_t shift = mapping->flags >> HUGE_PAGE_SHIFT_AT & HUGE_PAGE_SHIFT_MASK;
	uint64_t page_size = UINT64_C(1) << shift;

	if (!(mapping->flags & MAP_HUGETLB) && shift == 0)
		return 0;
	if (!(mapping->flags & MAP_HUGETLB) || mapping->kind != CR__MAPPING_KIND__MAPPING_ANONYMOUS ||
	    mapping->flags & (MAP_GROWSDOWN | MAP_DROPPABLE) || !memfd_is_huge_page_size(page_size) ||
	    mapping->start % page_size || mapping->end % page_size || mapping->offset % page_size)
		return bad_memory("the mapping at %#" PRIx64 " cannot be made of huge pages", mapping->start);
	return 0;
}

static int mapping_check(const Cr__Memory *memory, const Cr__Mapping *mapping)
{
	uint64_t start = mapping->start, end = mapping->end;

	if (start >= end || end > MEMORY_ADDRESS_LIMIT || start % PAGE_SIZE_BYTES || end % PAGE_SIZE_BYTES)
		return bad_memory("%#" PRIx64 " to %#" PRIx64 " cannot be a mapping", start, end);
	if ((unsigned)mapping->kind > CR__MAPPING_KIND__MAPPING_RING)
		return bad_memory("the mapping at %#" PRIx64 " is of the unknown kind %d", start,
				  (int)mapping->kind);
	if (mapping->prot & ~(uint32_t)(PROT_READ | PROT_WRITE | PROT_EXEC))
		return bad_memory("the mapping at %#" PRIx64 " has the unknown protection %#" PRIx32, start,
				  mapping->prot);
	if (mapping->flags & ~MAPPING_FLAGS_KNOWN)
		return bad_memory("the mapping at %#" PRIx64 " has unknown flags: %#" PRIx64, start,
				  mapping->flags);
	if (huge_pages_check(mapping) < 0)
		return -EBADMSG;
	if (mapping->name && strlen(mapping->name) >= MAPPING_NAME_SIZE)
		return bad_memory("the name of the mapping at %#" PRIx64 " is too long", start);
	if (mapping_is_of_file(mapping) && mapping->file >= memory->n_files)
		return bad_memory("the mapping at %#" PRIx64 " is of file %" PRIu32 ", of %zu", start,
				  mapping->file, memory->n_files);
	if (mapping_is_of_file(mapping) &&
	    (mapping->offset % PAGE_SIZE_BYTES || mapping->offset > (uint64_t)INT64_MAX - (end - start)))
		return bad_memory("the mapping at %#" PRIx64 " has the offset %#" PRIx64, start,
				  mapping->offset);
	if (memory_policy_check(mapping->policy) < 0)
		return -EBADMSG;
	return advice_check(mapping);
}

static int mappings_check(const Cr__Memory *memory)
{
	unsigned seen[CR__MAPPING_KIND__MAPPING_RING + 1] = {0};
	uint64_t end = 0;
	int r;

	if (memory->n_mappings == 0 || memory->n_mappings > VMA_COUNT_MAX)
		return bad_memory("it has %zu mappings", memory->n_mappings);
	for (size_t i = 0; i < memory->n_mappings; i++) {
		const Cr__Mapping *mapping = memory->mappings[i];

		r = mapping_check(memory, mapping);
		if (r < 0)
			return r;
		if (mapping->start < end)
			return bad_memory("the mapping at %#" PRIx64
					  " overlaps the one before it, or is out of order",
					  mapping->start);
		end = mapping->end;
		seen[mapping->kind]++;
	}
	if (seen[CR__MAPPING_KIND__MAPPING_VDSO] > 1 || seen[CR__MAPPING_KIND__MAPPING_VVAR] > 1 ||
	    seen[CR__MAPPING_KIND__MAPPING_VVAR_VCLOCK] > 1)
		return bad_memory("it has more than one vdso");
	return 0;
}

/* A walk over runs and the mappings that cover them; both ascend. */
struct run_walk {
	const Cr__Memory *memory;
	const char *what;
	size_t mapping; /* the first that ends after what was seen */
	uint64_t end;   /* of the last run, an address */
};

/* Each byte of START to END must be in a mapping that can have contents; a run may go over from one to the
 * next. */
static bool run_is_covered(struct run_walk *walk, uint64_t start, uint64_t end)
{
	while (start < end) {
		const Cr__Mapping *mapping;

		if (walk->mapping == walk->memory->n_mappings)
			return false;
		mapping = walk->memory->mappings[walk->mapping];
		if (mapping->end <= start) {
			walk->mapping++;
			continue;
		}
		if (mapping->start > start || mapping_is_kernel_data(mapping))
			return false;
		start = MIN(end, mapping->end);
	}
	return true;
}

static int run_check(struct run_walk *walk, uint64_t page, uint64_t count)
{
	const uint64_t limit = MEMORY_ADDRESS_LIMIT / PAGE_SIZE_BYTES;
	uint64_t start, end;

	if (page >= limit || count == 0 || count > limit - page)
		return bad_memory("%" PRIu64 " pages %s from page %#" PRIx64 " on are not possible", count,
				  walk->what, page);
	start = page * PAGE_SIZE_BYTES;
	end = start + count * PAGE_SIZE_BYTES;
	if (start < walk->end)
		return bad_memory("the pages %s at %#" PRIx64
				  " overlap those before them, or are out of order",
				  walk->what, start);
	if (!run_is_covered(walk, start, end))
		return bad_memory("the pages %s at %#" PRIx64 " to %#" PRIx64 " are outside of any mapping",
				  walk->what, start, end);
	walk->end = end;
	return 0;
}

static int runs_check(const Cr__Memory *memory)
{
	struct run_walk stored = {.memory = memory, .what = "with contents"};
	struct run_walk zero = {.memory = memory, .what = "of zeros"};
	size_t next_zero = 0;
	int r;

	if (memory->n_run_pages != memory->n_run_counts || memory->n_zero_pages != memory->n_zero_counts)
		return bad_memory("it has %zu runs of pages and %zu lengths, %zu of zeros and %zu lengths",
				  memory->n_run_pages, memory->n_run_counts, memory->n_zero_pages,
				  memory->n_zero_counts);
	for (size_t i = 0; i < memory->n_run_pages; i++) {
		uint64_t previous_end = stored.end;

		r = run_check(&stored, memory->run_pages[i], memory->run_counts[i]);
		if (r < 0)
			return r;
		for (; next_zero < memory->n_zero_pages &&
		       memory->zero_pages[next_zero] < memory->run_pages[i] + memory->run_counts[i];
		     next_zero++) {
			r = run_check(&zero, memory->zero_pages[next_zero], memory->zero_counts[next_zero]);
			if (r < 0)
				return r;
			if (memory->zero_pages[next_zero] * PAGE_SIZE_BYTES < previous_end ||
			    zero.end > memory->run_pages[i] * PAGE_SIZE_BYTES)
				return bad_memory("the pages at %#" PRIx64 " hold zeros and something else",
						  memory->zero_pages[next_zero] * PAGE_SIZE_BYTES);
		}
	}
	for (; next_zero < memory->n_zero_pages; next_zero++) {
		r = run_check(&zero, memory->zero_pages[next_zero], memory->zero_counts[next_zero]);
		if (r < 0)
			return r;
		if (memory->zero_pages[next_zero] * PAGE_SIZE_BYTES < stored.end)
			return bad_memory("the pages at %#" PRIx64 " hold zeros and something else",
					  memory->zero_pages[next_zero] * PAGE_SIZE_BYTES);
	}
	return 0;
}

static int files_check(const Cr__Memory *memory)
{
	for (size_t i = 0; i < memory->n_files; i++)
		if (!path_is_valid(memory->files[i]->path))
			return bad_memory("mapped file %zu has no absolute path", i);
	if (!memory->exe || !path_is_valid(memory->exe->path))
		return bad_memory("it does not say which program runs");
	return 0;
}

/* What PR_SET_MM_MAP takes (prctl(2)). */
static int layout_check(const Cr__Memory *memory)
{
	const struct {
		const char *what;
		uint64_t start, end;
	} ranges[] = {
		{"code", memory->start_code, memory->end_code},
		{"data", memory->start_data, memory->end_data},
		{"heap", memory->start_brk, memory->brk},
		{"stack", memory->start_stack, memory->start_stack},
		{"arguments", memory->arg_start, memory->arg_end},
		{"environment", memory->env_start, memory->env_end},
	};

	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
		if (ranges[i].start > ranges[i].end || ranges[i].end >= MEMORY_ADDRESS_LIMIT)
			return bad_memory("%#" PRIx64 " to %#" PRIx64 " cannot be its %s", ranges[i].start,
					  ranges[i].end, ranges[i].what);
	if (memory->auxv.len > AUXV_ENTRIES_MAX * sizeof(struct auxv_entry) ||
	    memory->auxv.len % sizeof(struct auxv_entry) != 0)
		return bad_memory("its auxiliary vector has %zu bytes", memory->auxv.len);
	if (memory->lock_future & ~(uint32_t)(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT))
		return bad_memory("it locks future mappings in the unknown way %#" PRIx32,
				  memory->lock_future);
	return 0;
}

static int parent_runs_check(const Cr__Memory *memory)
{
	struct run_walk parent = {.memory = memory, .what = "of its parent"};

	if (memory->n_parent_pages != memory->n_parent_counts)
		return bad_memory("it has %zu runs of its parent's pages and %zu lengths",
				  memory->n_parent_pages, memory->n_parent_counts);
	for (size_t i = 0; i < memory->n_parent_pages; i++) {
		int r = run_check(&parent, memory->parent_pages[i], memory->parent_counts[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

static int guard_runs_check(const Cr__Memory *memory)
{
	struct run_walk guard = {.memory = memory, .what = "that are guards"};

	if (memory->n_guard_pages != memory->n_guard_counts)
		return bad_memory("it has %zu runs of guard pages and %zu lengths", memory->n_guard_pages,
				  memory->n_guard_counts);
	for (size_t i = 0; i < memory->n_guard_pages; i++) {
		int r = run_check(&guard, memory->guard_pages[i], memory->guard_counts[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

int memory_check(const Cr__Memory *memory)
{
	int r = files_check(memory);

	if (r == 0)
		r = layout_check(memory);
	if (r == 0)
		r = mappings_check(memory);
	if (r == 0)
		r = runs_check(memory);
	if (r == 0)
		r = parent_runs_check(memory);
	if (r == 0)
		r = guard_runs_check(memory);
	return r < 0 ? r : aio_check(memory);
}

uint64_t memory_page_bytes(const Cr__Memory *memory)
{
	uint64_t count = 0;

	for (size_t i = 0; i < memory->n_run_counts; i++)
		count += memory->run_counts[i];
	return count * PAGE_SIZE_BYTES;
}
