/* SPDX-License-Identifier: MIT */
/* The pagemap iterator against memory whose state is known, with PAGEMAP_SCAN and with the plain entries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/pagemap.h"
#include "common/probe.h"

#define PAGE PAGE_SIZE_BYTES
#define HUGE_PAGE (2UL << 20)
#define MADV_GUARD_INSTALL_NUMBER 102 /* Linux 6.13 */
#define CAP_SYS_ADMIN_NUMBER 21

static const enum pagemap_method methods[] = {PAGEMAP_METHOD_AUTO, PAGEMAP_METHOD_ENTRIES};

/* The state of each page of AREA as text: '#' contents, '.' none. The caller frees it. */
static char *scan_area(const void *area, size_t size, enum pagemap_kind kind, enum pagemap_method method)
{
	cleanup_close int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	cleanup_free struct pagemap_scan *scan = malloc(sizeof(*scan));
	char *picture = calloc(1, size / PAGE + 1);
	uint64_t start = (uintptr_t)area, previous_end = 0;
	struct pagemap_range range;
	int r;

	assert_true(fd >= 0);
	assert_non_null(scan);
	assert_non_null(picture);
	memset(picture, '.', size / PAGE);
	pagemap_scan_init(scan, fd, start, start + size, kind, method);
	while ((r = pagemap_scan_next(scan, &range)) > 0) {
		assert_true(range.start >= start && range.start < range.end && range.end <= start + size);
		assert_true(previous_end == 0 || range.start > previous_end);
		previous_end = range.end;
		memset(picture + (range.start - start) / PAGE, '#', (range.end - range.start) / PAGE);
	}
	assert_int_equal(r, 0);
	return picture;
}

static void assert_area(const void *area, size_t size, enum pagemap_kind kind, const char *expected)
{
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		cleanup_free char *picture = scan_area(area, size, kind, methods[i]);

		assert_string_equal(picture, expected);
	}
}

/* Small pages only, so that the state of each is its own. */
static char *map_area(size_t size, int prot, int flags, int fd)
{
	char *area = mmap(NULL, size, prot, flags, fd, 0);

	assert_ptr_not_equal(area, MAP_FAILED);
	madvise(area, size, MADV_NOHUGEPAGE);
	return area;
}

static char *map_anonymous(size_t size)
{
	return map_area(size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static void read_page(const char *page)
{
	(void)*(const volatile char *)page;
}

static bool knows_zero_page(void)
{
	struct kernel_features features;

	assert_int_equal(kernel_probe(&features), 0);
	return kernel_features_has_cap(&features, CAP_SYS_ADMIN_NUMBER);
}

static void test_touched_pages(void **state maybe_unused)
{
	char *area = map_anonymous(8 * PAGE);

	assert_area(area, 8 * PAGE, PAGEMAP_ANONYMOUS_CONTENT, "........");
	area[1 * PAGE] = 1;
	area[2 * PAGE] = 1;
	area[5 * PAGE] = 0; /* written, if only with zeros */
	assert_area(area, 8 * PAGE, PAGEMAP_ANONYMOUS_CONTENT, ".##..#..");
	assert_area(area, 8 * PAGE, PAGEMAP_ANY_CONTENT, ".##..#..");
	assert_area(area + 2 * PAGE, 4 * PAGE, PAGEMAP_ANONYMOUS_CONTENT, "#..#");
	munmap(area, 8 * PAGE);
}

static void test_zero_page(void **state maybe_unused)
{
	char *area = map_anonymous(4 * PAGE);
	cleanup_free char *picture = NULL;

	read_page(area);
	read_page(area + 2 * PAGE);
	area[3 * PAGE] = 1;
	picture = scan_area(area, 4 * PAGE, PAGEMAP_ANONYMOUS_CONTENT, PAGEMAP_METHOD_AUTO);
	assert_string_equal(picture, "...#");
	if (knows_zero_page())
		assert_area(area, 4 * PAGE, PAGEMAP_ANY_CONTENT, "...#");
	munmap(area, 4 * PAGE);
}

static void test_lazily_freed_pages(void **state maybe_unused)
{
	char *area = map_anonymous(4 * PAGE);

	memset(area, 1, 4 * PAGE);
	assert_int_equal(madvise(area, 2 * PAGE, MADV_FREE), 0);
	assert_int_equal(madvise(area + 3 * PAGE, PAGE, MADV_DONTNEED), 0);
	assert_area(area, 4 * PAGE, PAGEMAP_ANONYMOUS_CONTENT, "###.");
	munmap(area, 4 * PAGE);
}

static void test_inaccessible_pages(void **state maybe_unused)
{
	char *area = map_anonymous(4 * PAGE);

	memset(area, 1, 2 * PAGE);
	assert_int_equal(mprotect(area, 4 * PAGE, PROT_NONE), 0);
	assert_area(area, 4 * PAGE, PAGEMAP_ANONYMOUS_CONTENT, "##..");
	munmap(area, 4 * PAGE);
}

static int make_file(size_t pages_count)
{
	char block[PAGE];
	int fd = memfd_create("pagemap", MFD_CLOEXEC);

	assert_true(fd >= 0);
	memset(block, 'f', sizeof(block));
	for (size_t i = 0; i < pages_count; i++)
		assert_int_equal(file_write_full(fd, block, sizeof(block)), 0);
	return fd;
}

static void test_private_file_pages(void **state maybe_unused)
{
	cleanup_close int fd = make_file(4);
	char *area = map_area(4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd);

	for (size_t i = 0; i < 4; i++)
		read_page(area + i * PAGE);
	assert_area(area, 4 * PAGE, PAGEMAP_ANONYMOUS_CONTENT, "....");
	assert_area(area, 4 * PAGE, PAGEMAP_ANY_CONTENT, "####");
	area[2 * PAGE] = 'p';
	assert_area(area, 4 * PAGE, PAGEMAP_ANONYMOUS_CONTENT, "..#.");
	munmap(area, 4 * PAGE);
}

static void test_shared_pages(void **state maybe_unused)
{
	char *area = map_area(4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);

	area[0] = 1;
	area[3 * PAGE] = 1;
	assert_area(area, 4 * PAGE, PAGEMAP_ANONYMOUS_CONTENT, "....");
	assert_area(area, 4 * PAGE, PAGEMAP_ANY_CONTENT, "#..#");
	munmap(area, 4 * PAGE);
}

static void test_guard_pages(void **state maybe_unused)
{
	char *area = map_anonymous(4 * PAGE);

	memset(area, 1, 4 * PAGE);
	if (madvise(area + PAGE, 2 * PAGE, MADV_GUARD_INSTALL_NUMBER) < 0)
		skip();
	assert_area(area, 4 * PAGE, PAGEMAP_ANONYMOUS_CONTENT, "#..#");
	munmap(area, 4 * PAGE);
}

/* Several mappings, and the hole between them, in one range. */
static void test_several_mappings(void **state maybe_unused)
{
	char *area = map_anonymous(8 * PAGE);

	memset(area, 1, 8 * PAGE);
	assert_int_equal(mprotect(area + PAGE, PAGE, PROT_READ), 0);
	assert_int_equal(munmap(area + 4 * PAGE, 2 * PAGE), 0);
	assert_area(area, 8 * PAGE, PAGEMAP_ANONYMOUS_CONTENT, "####..##");
	munmap(area, 8 * PAGE);
}

/* More ranges, and longer ones, than one chunk holds. */
static void test_many_ranges(void **state maybe_unused)
{
	size_t count = 4 * PAGEMAP_CHUNK_RANGES + 7, size = 2 * count * PAGE;
	cleanup_free char *expected = calloc(1, 2 * count + 1);
	char *area = map_anonymous(size);

	assert_non_null(expected);
	memset(expected, '.', 2 * count);
	for (size_t i = 0; i < count; i++) {
		area[2 * i * PAGE] = 1;
		expected[2 * i] = '#';
	}
	assert_area(area, size, PAGEMAP_ANONYMOUS_CONTENT, expected);
	memset(area, 1, size);
	memset(expected, '#', 2 * count);
	assert_area(area, size, PAGEMAP_ANONYMOUS_CONTENT, expected);
	munmap(area, size);
}

static size_t count_content(const char *area, size_t size, enum pagemap_method method)
{
	cleanup_free char *picture = scan_area(area, size, PAGEMAP_ANONYMOUS_CONTENT, method);
	size_t count = 0;

	for (const char *page = picture; *page; page++)
		count += *page == '#';
	return count;
}

static char *map_huge(size_t size, char **ret_mapping)
{
	char *mapping = map_anonymous(size + HUGE_PAGE);

	madvise(mapping, size + HUGE_PAGE, MADV_HUGEPAGE);
	*ret_mapping = mapping;
	return (char *)ALIGN_UP((uintptr_t)mapping, HUGE_PAGE);
}

/* Whether the page is in fact huge is the kernel's choice; the answer must be right either way. */
static void test_transparent_huge_pages(void **state maybe_unused)
{
	char *mapping, *area = map_huge(2 * HUGE_PAGE, &mapping);

	area[HUGE_PAGE] = 1;
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		size_t count = count_content(area, 2 * HUGE_PAGE, methods[i]);

		assert_true(count == HUGE_PAGE / PAGE || count == 1);
		count = count_content(area + HUGE_PAGE, PAGE, methods[i]);
		assert_int_equal(count, 1);
	}
	munmap(mapping, 3 * HUGE_PAGE);
}

/* Reported as contents by older kernels, which is allowed: only what is written must never be missed. */
static void test_huge_zero_page(void **state maybe_unused)
{
	char *mapping, *area = map_huge(2 * HUGE_PAGE, &mapping);
	size_t count;

	read_page(area);
	area[HUGE_PAGE] = 1;
	count = count_content(area, HUGE_PAGE, PAGEMAP_METHOD_AUTO);
	print_message("huge zero page: %zu pages reported as contents\n", count);
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
		assert_true(count_content(area + HUGE_PAGE, HUGE_PAGE, methods[i]) >= 1);
	munmap(mapping, 3 * HUGE_PAGE);
}

static void test_hugetlb_pages(void **state maybe_unused)
{
	char *area = mmap(NULL, 2 * HUGE_PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	if (area == MAP_FAILED)
		skip();
	area[HUGE_PAGE] = 1;
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		assert_int_equal(count_content(area, HUGE_PAGE, methods[i]), 0);
		assert_int_equal(count_content(area, 2 * HUGE_PAGE, methods[i]), HUGE_PAGE / PAGE);
	}
	munmap(area, 2 * HUGE_PAGE);
}

static void test_empty_and_unmapped(void **state maybe_unused)
{
	char *area = map_anonymous(4 * PAGE);

	assert_area(area, 0, PAGEMAP_ANY_CONTENT, "");
	munmap(area, 4 * PAGE);
	assert_area(area, 4 * PAGE, PAGEMAP_ANY_CONTENT, "....");
}

static void test_bad_descriptor(void **state maybe_unused)
{
	cleanup_free struct pagemap_scan *scan = malloc(sizeof(*scan));
	struct pagemap_range range;

	assert_non_null(scan);
	pagemap_scan_init(scan, -EBADF, PAGE, 2 * PAGE, PAGEMAP_ANY_CONTENT, PAGEMAP_METHOD_AUTO);
	assert_int_equal(pagemap_scan_next(scan, &range), -EBADF);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_touched_pages),      cmocka_unit_test(test_zero_page),
		cmocka_unit_test(test_lazily_freed_pages), cmocka_unit_test(test_inaccessible_pages),
		cmocka_unit_test(test_private_file_pages), cmocka_unit_test(test_shared_pages),
		cmocka_unit_test(test_guard_pages),        cmocka_unit_test(test_several_mappings),
		cmocka_unit_test(test_many_ranges),        cmocka_unit_test(test_transparent_huge_pages),
		cmocka_unit_test(test_huge_zero_page),     cmocka_unit_test(test_hugetlb_pages),
		cmocka_unit_test(test_empty_and_unmapped), cmocka_unit_test(test_bad_descriptor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
