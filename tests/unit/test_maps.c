/* SPDX-License-Identifier: MIT */
/* What /proc/PID/maps and smaps tell of mappings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/proc/maps.h"
#include "common/proc/proc_dir.h"
#include "tests/unit/exact.h"

static int parse_maps(const char *text, struct vma_list *ret)
{
	cleanup_free char *copy = exact(text);

	return vma_list_parse(copy, strlen(text), ret);
}

static const char smaps_text[] =
	"1000-3000 r-xp 00002000 fe:00 248056                     /usr/bin/sleep\n"
	"Size:                  8 kB\n"
	"KernelPageSize:        4 kB\n"
	"Rss:                   8 kB\n"
	"Anonymous:             4 kB\n"
	"Swap:                  0 kB\n"
	"THPeligible:           0\n"
	"VmFlags: rd ex mr mw me sl zz \n"
	"3000-4000 rw-s 00000000 00:01 7                          /memfd:a b (deleted)\n"
	"ProtectionKey:         3\n"
	"VmFlags: rd wr sh ms \n"
	"4000-5000 rw-p 00000000 00:00 0 \n"
	"5000-6000 rw-p 00000000 00:00 0                          [anon: my pool ]\n"
	"6000-7000 r--p 00000000 fe:00 9                          /tmp/a\\012b\n";

static void test_maps_text(void **state maybe_unused)
{
	cleanup_(vma_list_done) struct vma_list list = {0};
	const struct vma *vma;

	assert_int_equal(parse_maps(smaps_text, &list), 0);
	assert_int_equal(list.vmas_count, 5);
	vma = list.vmas;
	assert_int_equal(vma->start, 0x1000);
	assert_int_equal(vma->end, 0x3000);
	assert_int_equal(vma->prot, PROT_READ | PROT_EXEC);
	assert_false(vma->is_shared);
	assert_int_equal(vma->offset, 0x2000);
	assert_int_equal(vma->dev_major, 0xfe);
	assert_int_equal(vma->inode, 248056);
	assert_string_equal(vma->name, "/usr/bin/sleep");
	assert_int_equal(vma->rss, 8192);
	assert_int_equal(vma->anonymous, 4096);
	assert_int_equal(vma->kernel_page_size, 4096);
	assert_true(vma->flags == (VMA_FLAG_BIT(READ) | VMA_FLAG_BIT(EXEC) | VMA_FLAG_BIT(MAY_READ) |
				   VMA_FLAG_BIT(MAY_WRITE) | VMA_FLAG_BIT(MAY_EXEC) | VMA_FLAG_BIT(SEALED)));
	assert_true(vma->has_unknown_flag);
	assert_string_equal(vma->unknown_flag, "zz");
	vma++;
	assert_string_equal(vma->name, "/memfd:a b");
	assert_true(vma->is_deleted && vma->is_shared && vma->is_name_ambiguous);
	assert_int_equal(vma->protection_key, 3);
	assert_false(vma->has_unknown_flag);
	assert_null(vma[1].name);
	assert_false(vma[1].has_flags);
	assert_string_equal(vma[2].name, "[anon: my pool ]");
	assert_string_equal(vma[3].name, "/tmp/a\nb");
	assert_ptr_equal(vma_list_find(&list, 0x3fff), &list.vmas[1]);
	assert_ptr_equal(vma_list_find(&list, 0x6000), &list.vmas[4]);
	assert_null(vma_list_find(&list, 0x7000));
	assert_null(vma_list_find(&list, 0xfff));
}

static void test_maps_bad_text(void **state maybe_unused)
{
	static const char *const texts[] = {
		"\n",
		"Rss: 1 kB\n",
		"1000-3000\n",
		"1000-3000 rw-\n",
		"1000-3000 rw-x 0 0:0 0\n",
		"1000-3000 rw-p 0 0:0\n",
		"3000-1000 rw-p 0 0:0 0\n",
		"1000-1000 rw-p 0 0:0 0\n",
		"1000-3000 rw-p 0 0:0 0\n2000-4000 rw-p 0 0:0 0\n",
		"1000-3000 rw-p 0 0:0 0\nVmFlags: rdx\n",
		"1000-3000 rw-p 0 0:0 0\nNoColon 1\n",
		"1000-3000 rw-p 0 0:0 0\nRss: 99999999999999999 kB\n",
		"1000-10000000000000000 rw-p 0 0:0 0\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct vma_list list;

		assert_int_equal(parse_maps(texts[i], &list), -EBADMSG);
	}
}

static void map_file_named(int directory_fd, const char *name, bool remove, void **ret_address)
{
	cleanup_close int fd = openat(directory_fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, PAGE_SIZE_BYTES), 0);
	*ret_address = mmap(NULL, PAGE_SIZE_BYTES, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_ptr_not_equal(*ret_address, MAP_FAILED);
	if (remove)
		assert_int_equal(unlinkat(directory_fd, name, 0), 0);
}

/* Names that the text of maps cannot tell apart are told apart by the link and the file system. */
static void test_maps_odd_names(void **state maybe_unused)
{
	static const struct {
		const char *name;
		bool is_removed;
	} files[] = {
		{"plain", false},         {"gone", true},       {"real (deleted)", false},
		{"both (deleted)", true}, {"new\nline", false}, {"back\\012slash", false},
	};
	char directory[] = "/tmp/test_proc.XXXXXX";
	cleanup_(vma_list_done) struct vma_list list = {0};
	cleanup_close int proc_fd = -EBADF, directory_fd = -EBADF;
	void *addresses[ARRAY_SIZE(files)];

	assert_non_null(mkdtemp(directory));
	directory_fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		map_file_named(directory_fd, files[i].name, files[i].is_removed, &addresses[i]);
	assert_int_equal(proc_open(getpid(), &proc_fd), 0);
	assert_int_equal(vma_list_read(proc_fd, VMA_DETAIL_MAPS, &list), 0);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		const struct vma *vma = vma_list_find(&list, (uintptr_t)addresses[i]);

		assert_non_null(vma);
		if (!vma->is_name_ambiguous) {
			assert_string_equal(strrchr(vma->name, '/') + 1, files[i].name);
			assert_int_equal(vma->is_deleted, files[i].is_removed);
		}
		munmap(addresses[i], PAGE_SIZE_BYTES);
		unlinkat(directory_fd, files[i].name, 0);
	}
	rmdir(directory);
}

/* VmFlags of mappings whose flags are known, and that reading in pieces loses nothing. */
static void test_maps_self(void **state maybe_unused)
{
	cleanup_(vma_list_done) struct vma_list maps = {0}, smaps = {0};
	cleanup_close int proc_fd = -EBADF;
	const struct vma *vma;
	size_t count = 3000, size = 2 * count * PAGE_SIZE_BYTES;
	char *area = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(area, MAP_FAILED);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(mprotect(area + 2 * i * PAGE_SIZE_BYTES, PAGE_SIZE_BYTES, PROT_NONE), 0);
	assert_int_equal(madvise(area, PAGE_SIZE_BYTES, MADV_DONTFORK), 0);
	assert_int_equal(madvise(area, PAGE_SIZE_BYTES, MADV_DONTDUMP), 0);
	assert_int_equal(proc_open(getpid(), &proc_fd), 0);
	assert_int_equal(vma_list_read(proc_fd, VMA_DETAIL_MAPS, &maps), 0);
	assert_int_equal(vma_list_read(proc_fd, VMA_DETAIL_SMAPS, &smaps), 0);
	vma = vma_list_find(&smaps, (uintptr_t)area);
	assert_non_null(vma);
	assert_int_equal(vma->end - vma->start, PAGE_SIZE_BYTES);
	assert_true(vma->flags & VMA_FLAG_BIT(DONT_FORK) && vma->flags & VMA_FLAG_BIT(DONT_DUMP));
	assert_int_equal(vma->prot, PROT_NONE);
	for (size_t i = 0; i < 2 * count; i++) {
		uint64_t address = (uintptr_t)area + i * PAGE_SIZE_BYTES;

		vma = vma_list_find(&smaps, address);
		assert_non_null(vma);
		assert_true(vma->start == address || i == 2 * count - 1);
		assert_true(vma->has_flags && !vma->has_unknown_flag);
		assert_non_null(vma_list_find(&maps, address));
	}
	munmap(area, size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_maps_text),
		cmocka_unit_test(test_maps_bad_text),
		cmocka_unit_test(test_maps_odd_names),
		cmocka_unit_test(test_maps_self),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
