/* SPDX-License-Identifier: MIT */
/* The kernel's description of its types: one made by hand, cut off everywhere, and that of the running
 * kernel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/btf.h>
#include <string.h>

#include "common/kernel_types.h"

/* By offset in the strings below. */
static const char strings[] = "\0int\0inner\0a\0b\0outer\0count\0flag\0more\0word_t\0list";
enum {
	NAME_INT = 1,
	NAME_INNER = 5,
	NAME_A = 11,
	NAME_B = 13,
	NAME_OUTER = 15,
	NAME_COUNT = 21,
	NAME_FLAG = 27
};
enum { NAME_MORE = 32, NAME_WORD = 37, NAME_LIST = 44 };

#define INFO(kind, count, has_bits) ((uint32_t)(has_bits) << 31 | (uint32_t)(kind) << 24 | (count))
#define BITS(size, offset) ((uint32_t)(size) << 24 | (offset))

/*
 * 1: int. 2: union { int a; int b; }. 3: struct outer { int count; union (2); int flag : 3 (at bit 65);
 * struct inner more; word_t list[3]; }. 4: typedef int word_t. 5: word_t[3]. 6: struct inner { int a; int b;
 * }.
 */
/* clang-format off */
static const uint32_t types[] = {
	NAME_INT, INFO(BTF_KIND_INT, 0, 0), 4, 32,
	0, INFO(BTF_KIND_UNION, 2, 0), 4, NAME_A, 1, 0, NAME_B, 1, 0,
	NAME_OUTER, INFO(BTF_KIND_STRUCT, 5, 1), 36, NAME_COUNT, 1, 0, 0, 2, 32, NAME_FLAG, 1, BITS(3, 65), NAME_MORE, 6, 96,
	NAME_LIST, 5, 160,
	NAME_WORD, INFO(BTF_KIND_TYPEDEF, 0, 0), 1,
	0, INFO(BTF_KIND_ARRAY, 0, 0), 0, 4, 1, 3,
	NAME_INNER, INFO(BTF_KIND_STRUCT, 2, 0), 8, NAME_A, 1, 0, NAME_B, 1, 32,
};
/* clang-format on */

static size_t make(unsigned char *data)
{
	struct btf_header header = {
		.magic = BTF_MAGIC,
		.version = BTF_VERSION,
		.hdr_len = sizeof(header),
		.type_len = sizeof(types),
		.str_off = sizeof(types),
		.str_len = sizeof(strings),
	};

	memcpy(data, &header, sizeof(header));
	memcpy(data + sizeof(header), types, sizeof(types));
	memcpy(data + sizeof(header) + sizeof(types), strings, sizeof(strings));
	return sizeof(header) + sizeof(types) + sizeof(strings);
}

static void check(struct kernel_types *found, const char *path, uint32_t offset, uint32_t size)
{
	struct kernel_member member;

	assert_int_equal(kernel_types_find(found, path, &member), 0);
	assert_int_equal(member.offset, offset);
	assert_int_equal(member.size, size);
	assert_int_equal(member.bit_count, 0);
}

static void finds_members(void **state maybe_unused)
{
	cleanup_(kernel_types_freep) struct kernel_types *found = NULL;
	struct kernel_member member;
	unsigned char data[1024];

	assert_int_equal(kernel_types_parse(data, make(data), &found), 0);
	check(found, "outer.count", 0, 4);
	check(found, "outer.b", 4, 4);
	check(found, "outer.more", 12, 8);
	check(found, "outer.more.b", 16, 4);
	check(found, "outer.list", 20, 12);
	check(found, "inner.b", 4, 4);
	assert_int_equal(kernel_types_find(found, "outer.flag", &member), 0);
	assert_int_equal(member.offset, 8);
	assert_int_equal(member.bit_shift, 1);
	assert_int_equal(member.bit_count, 3);
	assert_int_equal(member.size, 1);
	assert_int_equal(kernel_types_find(found, "outer", &member), -ENOENT);
	assert_int_equal(kernel_types_find(found, "outer.none", &member), -ENOENT);
	assert_int_equal(kernel_types_find(found, "outer.count.a", &member), -ENOENT);
	assert_int_equal(kernel_types_find(found, "out.count", &member), -ENOENT);
	assert_int_equal(kernel_types_find(found, "int.a", &member), -ENOENT);
}

static void refuses_what_is_cut_off(void **state maybe_unused)
{
	unsigned char data[1024];
	size_t size = make(data);

	for (size_t i = 0; i < size; i++) {
		struct kernel_types *found = NULL;

		assert_int_equal(kernel_types_parse(data, i, &found), -EBADMSG);
	}
}

/* Any byte may be wrong: it is refused, or found wanting, but nothing is read that is not there. */
static void survives_damage(void **state maybe_unused)
{
	unsigned char data[1024];
	size_t size = make(data);

	for (size_t i = 0; i < size; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			cleanup_(kernel_types_freep) struct kernel_types *found = NULL;
			struct kernel_member member;

			data[i] ^= (unsigned char)(1 << bit);
			if (kernel_types_parse(data, size, &found) == 0) {
				(void)!kernel_types_find(found, "outer.more.b", &member);
				(void)!kernel_types_find(found, "outer.list", &member);
			}
			data[i] ^= (unsigned char)(1 << bit);
		}
	}
}

static void knows_the_running_kernel(void **state maybe_unused)
{
	cleanup_(kernel_types_freep) struct kernel_types *found = NULL;
	struct kernel_member member;
	int r = kernel_types_open(&found);

	if (r == -ENOENT)
		skip();
	assert_int_equal(r, 0);
	assert_int_equal(kernel_types_find(found, "task_struct.comm", &member), 0);
	assert_int_equal(member.size, 16);
	assert_int_equal(kernel_types_find(found, "list_head.next", &member), 0);
	assert_int_equal(member.offset, 0);
	assert_int_equal(member.size, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_members),
		cmocka_unit_test(refuses_what_is_cut_off),
		cmocka_unit_test(survives_damage),
		cmocka_unit_test(knows_the_running_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
