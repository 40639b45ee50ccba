/* SPDX-License-Identifier: MIT */
/* Which pages of an address range hold contents. */
#include "common/pagemap.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"

#define ENTRY_SIZE sizeof(uint64_t)

void pagemap_scan_init(struct pagemap_scan *scan, int pagemap_fd, uint64_t start, uint64_t end,
		       enum pagemap_kind kind, enum pagemap_method method)
{
	scan->pagemap_fd = pagemap_fd;
	scan->kind = kind;
	scan->use_entries = method == PAGEMAP_METHOD_ENTRIES;
	scan->has_guard_category = true;
	scan->position = start;
	scan->end = end;
	scan->zero_page_frame = 0;
	scan->has_zero_page_frame = false;
	scan->ranges_count = 0;
	scan->ranges_next = 0;
}

static int ask_regions(struct pagemap_scan *scan, uint64_t *ret_walk_end)
{
	uint64_t unwanted = UAPI_PAGE_ZERO;
	struct uapi_pagemap_scan argument = {
		.size = sizeof(argument),
		.start = scan->position,
		.end = scan->end,
		.regions = (uintptr_t)scan->regions,
		.regions_capacity = ARRAY_SIZE(scan->regions),
		.category_anyof_mask = UAPI_PAGE_PRESENT | UAPI_PAGE_SWAPPED,
	};
	int count;

	if (scan->kind == PAGEMAP_ANONYMOUS_CONTENT)
		unwanted |= UAPI_PAGE_FILE;
	if (scan->has_guard_category)
		unwanted |= UAPI_PAGE_GUARD;
	argument.category_inverted = unwanted;
	argument.category_mask = unwanted;
	if (scan->kind == PAGEMAP_GUARDS) {
		argument.category_anyof_mask = 0;
		argument.category_inverted = 0;
		argument.category_mask = UAPI_PAGE_GUARD;
	}
	count = ioctl(scan->pagemap_fd, UAPI_PAGEMAP_SCAN, &argument);
	if (count < 0)
		return -errno;
	*ret_walk_end = argument.walk_end;
	return count;
}

static int fill_from_scan(struct pagemap_scan *scan)
{
	uint64_t walk_end = 0;
	int count;

	count = ask_regions(scan, &walk_end);
	if (count == -EINVAL && scan->has_guard_category && scan->kind != PAGEMAP_GUARDS) {
		scan->has_guard_category = false;
		count = ask_regions(scan, &walk_end);
	}
	if (count < 0)
		return count;
	/* A walk that does not advance would never end. */
	if (walk_end <= scan->position || walk_end > scan->end)
		return -EIO;
	for (int i = 0; i < count; i++) {
		scan->ranges[i].start = scan->regions[i].start;
		scan->ranges[i].end = scan->regions[i].end;
	}
	scan->ranges_count = (size_t)count;
	scan->position = walk_end;
	return 0;
}

static int read_entry(int fd, const void *page, uint64_t *ret_entry)
{
	return file_pread_full(fd, ret_entry, ENTRY_SIZE,
			       (off_t)((uintptr_t)page / PAGE_SIZE_BYTES * ENTRY_SIZE));
}

/* The frame of the zero page, seen where this process reads memory that it never wrote; 0 if it is hidden. */
static uint64_t find_zero_page_frame(void)
{
	cleanup_close int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry = 0;
	volatile char *page;

	if (fd < 0)
		return 0;
	page = mmap(NULL, PAGE_SIZE_BYTES, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return 0;
	(void)*page;
	if (read_entry(fd, (const void *)page, &entry) < 0)
		entry = 0;
	munmap((void *)page, PAGE_SIZE_BYTES);
	return entry & UAPI_PAGEMAP_PRESENT ? entry & UAPI_PAGEMAP_PFN_MASK : 0;
}

static bool entry_is_content(const struct pagemap_scan *scan, uint64_t entry)
{
	if (scan->kind == PAGEMAP_GUARDS)
		return entry & UAPI_PAGEMAP_GUARD;
	if (!(entry & (UAPI_PAGEMAP_PRESENT | UAPI_PAGEMAP_SWAPPED)) || entry & UAPI_PAGEMAP_GUARD)
		return false;
	if (scan->kind == PAGEMAP_ANONYMOUS_CONTENT && entry & UAPI_PAGEMAP_FILE)
		return false;
	return !(entry & UAPI_PAGEMAP_PRESENT) || scan->zero_page_frame == 0 ||
	       (entry & UAPI_PAGEMAP_PFN_MASK) != scan->zero_page_frame;
}

/* Marks the page at POSITION, joining it to the range before it. False if a new range has no room. */
static bool add_page(struct pagemap_scan *scan, uint64_t position)
{
	if (scan->ranges_count > 0 && scan->ranges[scan->ranges_count - 1].end == position) {
		scan->ranges[scan->ranges_count - 1].end += PAGE_SIZE_BYTES;
		return true;
	}
	if (scan->ranges_count == ARRAY_SIZE(scan->ranges))
		return false;
	scan->ranges[scan->ranges_count++] = (struct pagemap_range){position, position + PAGE_SIZE_BYTES};
	return true;
}

static int fill_from_entries(struct pagemap_scan *scan)
{
	uint64_t pages_count = (scan->end - scan->position) / PAGE_SIZE_BYTES;
	size_t size = MIN(pages_count, (uint64_t)ARRAY_SIZE(scan->entries)) * ENTRY_SIZE;
	ssize_t count;

	count = pread(scan->pagemap_fd, scan->entries, size,
		      (off_t)(scan->position / PAGE_SIZE_BYTES * ENTRY_SIZE));
	if (count < 0)
		return -errno;
	if ((size_t)count < ENTRY_SIZE) {
		/* Past the end of user addresses: there is nothing of a process there. */
		scan->position = scan->end;
		return 0;
	}
	for (size_t i = 0; i < (size_t)count / ENTRY_SIZE; i++) {
		if (entry_is_content(scan, scan->entries[i]) && !add_page(scan, scan->position))
			return 0;
		scan->position += PAGE_SIZE_BYTES;
	}
	return 0;
}

static int fill(struct pagemap_scan *scan)
{
	int r;

	scan->ranges_next = 0;
	scan->ranges_count = 0;
	if (!scan->use_entries) {
		r = fill_from_scan(scan);
		if (r != -ENOTTY && r != -ENOSYS)
			return r;
		scan->use_entries = true;
	}
	if (!scan->has_zero_page_frame) {
		scan->zero_page_frame = find_zero_page_frame();
		scan->has_zero_page_frame = true;
	}
	return fill_from_entries(scan);
}

/* 1 with the next range of the buffer, which is filled again if need be; 0 at the end. */
static int next_piece(struct pagemap_scan *scan, struct pagemap_range **ret_piece)
{
	while (scan->ranges_next == scan->ranges_count) {
		int r;

		if (scan->position >= scan->end)
			return 0;
		r = fill(scan);
		if (r < 0)
			return r;
	}
	*ret_piece = &scan->ranges[scan->ranges_next];
	return 1;
}

int pagemap_scan_next(struct pagemap_scan *scan, struct pagemap_range *ret_range)
{
	struct pagemap_range *piece;
	struct pagemap_range range;
	int r;

	r = next_piece(scan, &piece);
	if (r <= 0)
		return r;
	range = *piece;
	scan->ranges_next++;
	/* The end of a buffer or of a mapping may have split what belongs together. */
	while ((r = next_piece(scan, &piece)) > 0 && piece->start == range.end) {
		range.end = piece->end;
		scan->ranges_next++;
	}
	if (r < 0)
		return r;
	*ret_range = range;
	return 1;
}
