/* SPDX-License-Identifier: MIT */
/* What a valid image of a deleted file is: each thing that can be wrong with one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "format/ghost.h"

/* A valid one, and what its pointers lead to. */
struct sample {
	Cr__Ghost image;
	char *paths[2];
	uint64_t offsets[2], sizes[2];
	Cr__ExtendedAttribute attribute, *attributes[1];
};

static void sample_init(struct sample *sample)
{
	*sample = (struct sample){
		.paths = {(char *)"/tmp/file", (char *)"/tmp/other"},
		.offsets = {0, 8192},
		.sizes = {4096, 100},
	};
	cr__ghost__init(&sample->image);
	cr__extended_attribute__init(&sample->attribute);
	sample->attribute.name = (char *)"user.color";
	sample->attributes[0] = &sample->attribute;
	sample->image.id = 1;
	sample->image.mode = S_IFREG | 0600;
	sample->image.size = 10000;
	sample->image.paths = sample->paths;
	sample->image.n_paths = 2;
	sample->image.extent_offsets = sample->offsets;
	sample->image.extent_sizes = sample->sizes;
	sample->image.n_extent_offsets = sample->image.n_extent_sizes = 2;
	sample->image.attributes = sample->attributes;
	sample->image.n_attributes = 1;
}

static void expect_valid(const struct sample *sample)
{
	const char *reason = "";

	if (ghost_check(&sample->image, &reason) != 0)
		fail_msg("refused: %s", reason);
}

static void expect_bad(const struct sample *sample, const char *what)
{
	const char *reason = NULL;

	if (ghost_check(&sample->image, &reason) != -EBADMSG || !reason)
		fail_msg("taken: %s", what);
}

static void test_valid(void **state maybe_unused)
{
	struct sample sample;
	size_t index = 7;

	sample_init(&sample);
	expect_valid(&sample);
	assert_true(ghost_contents_size(&sample.image) == 4196);
	assert_true(ghost_has_path(&sample.image, "/tmp/other", &index));
	assert_int_equal(index, 1);
	assert_false(ghost_has_path(&sample.image, "/tmp", NULL));
}

static void test_paths(void **state maybe_unused)
{
	static char long_path[PATH_MAX + 1];
	static const char *const bad[] = {"", "relative", "/", "/tmp/", "/tmp/.", "/tmp/..", long_path};
	struct sample sample;

	memset(long_path, 'x', PATH_MAX);
	long_path[0] = '/';
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		sample_init(&sample);
		sample.paths[1] = (char *)bad[i];
		expect_bad(&sample, bad[i]);
	}
	sample_init(&sample);
	sample.image.n_paths = 0;
	expect_bad(&sample, "no path");
	sample_init(&sample);
	sample.image.linked_path = (char *)"/tmp/linked";
	expect_bad(&sample, "another name of what was deleted");
	sample.image.origin = CR__GHOST_ORIGIN__GHOST_LINKED;
	expect_bad(&sample, "contents of what stays elsewhere");
	sample.image.n_extent_offsets = sample.image.n_extent_sizes = 0;
	expect_valid(&sample);
	sample.image.linked_path = (char *)"";
	expect_bad(&sample, "no other name");
}

static void test_huge_pages(void **state maybe_unused)
{
	struct sample sample;

	sample_init(&sample);
	sample.image.n_extent_offsets = sample.image.n_extent_sizes = 0;
	sample.image.size = 4 << 20;
	sample.image.huge_page_size = 2 << 20;
	expect_valid(&sample);
	sample.image.size++;
	expect_bad(&sample, "a part of a huge page");
	sample.image.size = 4 << 20;
	sample.image.huge_page_size = 3 << 20;
	expect_bad(&sample, "huge pages of an odd size");
	sample.image.huge_page_size = 4096;
	expect_bad(&sample, "huge pages that are small");
	sample.image.huge_page_size = UINT64_C(1) << 63;
	expect_bad(&sample, "huge pages beyond all memory");
	sample.image.huge_page_size = 0;
	sample.image.origin = CR__GHOST_ORIGIN__GHOST_SHARED_MEMORY;
	sample.image.n_paths = 1;
	sample.paths[0] = (char *)"/anon_hugepage";
	expect_bad(&sample, "shared memory of huge pages without any");
	sample.image.huge_page_size = 2 << 20;
	expect_valid(&sample);
	sample.paths[0] = (char *)"/dev/zero";
	expect_bad(&sample, "shared memory of huge pages under another name");
}

static void test_handles(void **state maybe_unused)
{
	Cr__FileHandle handle = CR__FILE_HANDLE__INIT;
	uint8_t bytes[129] = {0};
	struct sample sample;

	handle.mount_point = (char *)"/tmp";
	handle.handle = (ProtobufCBinaryData){.data = bytes, .len = 8};
	sample_init(&sample);
	sample.image.n_extent_offsets = sample.image.n_extent_sizes = 0;
	sample.image.origin = CR__GHOST_ORIGIN__GHOST_HIDDEN;
	expect_bad(&sample, "no handle");
	sample.image.handle = &handle;
	expect_valid(&sample);
	sample.paths[0] = (char *)"/";
	expect_valid(&sample);
	sample.paths[0] = (char *)"relative";
	expect_bad(&sample, "a relative path of what is hidden");
	sample.paths[0] = (char *)"/tmp/file";
	handle.handle.len = 129;
	expect_bad(&sample, "a long handle");
	handle.handle.len = 0;
	expect_bad(&sample, "an empty handle");
	handle.handle.len = 128;
	handle.mount_point = (char *)"tmp";
	expect_bad(&sample, "a relative mount point");
	handle.mount_point = (char *)"/tmp";
	sample.image.origin = CR__GHOST_ORIGIN__GHOST_LINKED;
	expect_valid(&sample);
	sample.image.linked_path = (char *)"/tmp/linked";
	expect_bad(&sample, "a handle and a name");
	sample.image.linked_path = (char *)"";
	sample.image.origin = CR__GHOST_ORIGIN__GHOST_DELETED;
	expect_bad(&sample, "a handle of what was deleted");
	sample.image.origin = CR__GHOST_ORIGIN__GHOST_HIDDEN;
	sample.image.n_extent_offsets = sample.image.n_extent_sizes = 1;
	expect_bad(&sample, "contents of what is hidden");
}

static void test_processes(void **state maybe_unused)
{
	struct sample sample;

	sample_init(&sample);
	sample.image.n_paths = 1;
	sample.image.n_extent_offsets = sample.image.n_extent_sizes = 0;
	sample.image.size = 0;
	sample.image.origin = CR__GHOST_ORIGIN__GHOST_PROCESS;
	sample.image.mode = S_IFDIR | 0555;
	expect_bad(&sample, "a path elsewhere");
	sample.paths[0] = (char *)"/proc/12/task";
	expect_valid(&sample);
	sample.image.mode = S_IFREG | 0444;
	expect_bad(&sample, "a file of a process");
	sample.image.mode = S_IFDIR | 0555;
	sample.image.n_paths = 2;
	expect_bad(&sample, "two paths of a process");
}

static void test_directory(void **state maybe_unused)
{
	static char long_path[PATH_MAX + 1];
	struct sample sample;

	memset(long_path, 'x', PATH_MAX);
	long_path[0] = '/';
	sample_init(&sample);
	sample.image.directory = (char *)"/mnt";
	expect_valid(&sample);
	sample.image.directory = (char *)"mnt";
	expect_bad(&sample, "a relative directory to be made in");
	sample.image.directory = long_path;
	expect_bad(&sample, "a long directory to be made in");
	sample_init(&sample);
	sample.image.directory = (char *)"/mnt";
	sample.image.origin = CR__GHOST_ORIGIN__GHOST_MEMFD;
	sample.paths[0] = (char *)"/memfd:x";
	sample.image.n_paths = 1;
	expect_bad(&sample, "a directory for a memfd");
}

static void test_memfds(void **state maybe_unused)
{
	struct sample sample;
	char path[GHOST_MEMFD_NAME_MAX + 16] = GHOST_MEMFD_PREFIX;

	sample_init(&sample);
	sample.image.origin = CR__GHOST_ORIGIN__GHOST_MEMFD;
	expect_bad(&sample, "a memfd with a path");
	sample.paths[0] = path;
	expect_bad(&sample, "two paths of a memfd");
	sample.image.n_paths = 1;
	sample.image.seals = 0x3f;
	expect_valid(&sample);
	sample.image.seals = 0x40;
	expect_bad(&sample, "an unknown seal");
	sample.image.seals = 0;
	memset(path + strlen(GHOST_MEMFD_PREFIX), '/', GHOST_MEMFD_NAME_MAX);
	expect_valid(&sample);
	path[strlen(GHOST_MEMFD_PREFIX) + GHOST_MEMFD_NAME_MAX] = 'x';
	expect_bad(&sample, "a long name");
	sample.paths[0] = (char *)"/memfd:x";
	sample.image.mode = S_IFIFO | 0600;
	expect_bad(&sample, "a memfd that is a FIFO");
	sample_init(&sample);
	sample.image.seals = 1;
	expect_bad(&sample, "seals of a regular file");
}

static void test_types(void **state maybe_unused)
{
	static const uint32_t bad[] = {0, 0600, S_IFMT | 0600, S_IFREG | 0x10000, 0x3000};
	struct sample sample;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		sample_init(&sample);
		sample.image.mode = bad[i];
		expect_bad(&sample, "a mode");
	}
	sample_init(&sample);
	sample.image.mode = S_IFLNK | 0777;
	sample.image.size = 0;
	sample.image.n_extent_offsets = sample.image.n_extent_sizes = 0;
	expect_bad(&sample, "a symbolic link to nowhere");
	sample.image.target = (char *)"target";
	expect_valid(&sample);
	sample.image.origin = CR__GHOST_ORIGIN__GHOST_NAMELESS;
	expect_bad(&sample, "a nameless symbolic link");
	sample.image.origin = (Cr__GhostOrigin)7;
	expect_bad(&sample, "an unknown origin");
	sample_init(&sample);
	sample.image.flags = FS_EXTENT_FL;
	expect_bad(&sample, "flags that cannot be set");
}

static void test_extents(void **state maybe_unused)
{
	static const struct {
		uint64_t size, offsets[2], sizes[2];
	} bad[] = {
		{10000, {0, 4000}, {4096, 100}},  {10000, {4096, 0}, {100, 100}},
		{10000, {0, 8192}, {4096, 1809}}, {10000, {0, 10001}, {1, 1}},
		{10000, {0, 8192}, {0, 1}},       {10000, {0, 8192}, {1, UINT64_MAX - 8192}},
		{10000, {0, UINT64_MAX}, {1, 2}}, {(uint64_t)INT64_MAX + 1, {0, 1}, {1, 1}},
	};
	struct sample sample;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		sample_init(&sample);
		sample.image.size = bad[i].size;
		memcpy(sample.offsets, bad[i].offsets, sizeof(sample.offsets));
		memcpy(sample.sizes, bad[i].sizes, sizeof(sample.sizes));
		expect_bad(&sample, "extents");
	}
	sample_init(&sample);
	sample.image.n_extent_sizes = 1;
	expect_bad(&sample, "fewer sizes than offsets");
	sample_init(&sample);
	sample.image.mode = S_IFDIR | 0700;
	expect_bad(&sample, "a directory with contents");
}

static void test_attributes(void **state maybe_unused)
{
	struct sample sample;
	char name[300];

	sample_init(&sample);
	sample.attribute.name = (char *)"";
	expect_bad(&sample, "an attribute without a name");
	memset(name, 'x', sizeof(name));
	name[256] = '\0';
	sample.attribute.name = name;
	expect_bad(&sample, "a long name");
	sample_init(&sample);
	sample.attribute.value.len = 65537;
	expect_bad(&sample, "a large attribute");
	sample_init(&sample);
	sample.image.change_nanoseconds = 1000000000;
	expect_bad(&sample, "nanoseconds");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),      cmocka_unit_test(test_paths),
		cmocka_unit_test(test_huge_pages), cmocka_unit_test(test_handles),
		cmocka_unit_test(test_directory),  cmocka_unit_test(test_processes),
		cmocka_unit_test(test_memfds),     cmocka_unit_test(test_types),
		cmocka_unit_test(test_extents),    cmocka_unit_test(test_attributes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
