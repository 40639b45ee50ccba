/* SPDX-License-Identifier: MIT */
/* The map from numbers to numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "common/cleanup.h"
#include "common/id_map.h"

static void test_id_map(void **state maybe_unused)
{
	cleanup_(id_map_done) struct id_map map = {0};
	uint64_t value = 0, key, sum = 0;
	size_t position = 0;

	assert_false(id_map_get(&map, 0, &value));
	assert_false(id_map_remove(&map, 0));
	for (uint64_t i = 0; i < 20000; i++)
		assert_int_equal(id_map_set(&map, i << 12, i), 0);
	assert_int_equal(map.count, 20000);
	for (uint64_t i = 0; i < 20000; i += 2)
		assert_true(id_map_remove(&map, i << 12));
	for (uint64_t i = 0; i < 20000; i++) {
		assert_int_equal(id_map_get(&map, i << 12, &value), i % 2 == 1);
		assert_true(i % 2 == 0 || value == i);
	}
	while (id_map_next(&map, &position, &key, &value))
		sum += key >> 12;
	assert_int_equal(sum, 100000000);
	assert_int_equal(id_map_set_pointer(&map, UINT64_MAX, &map), 0);
	assert_ptr_equal(id_map_get_pointer(&map, UINT64_MAX), &map);
	assert_null(id_map_get_pointer(&map, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_id_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
