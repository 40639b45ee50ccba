/* SPDX-License-Identifier: MIT */
/* When a program gets a time namespace, and what its clocks show in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "restorer/time_namespace.h"

#define SECOND INT64_C(1000000000)

static void parses(void **state maybe_unused)
{
	static const char text[] = "monotonic           -2 500000000\nboottime      864000         7\n";
	static const char *const bad[] = {"",
					  "monotonic 1 0\n",
					  "boottime 1 0\nmonotonic 1 0\n",
					  "monotonic 1 1000000000\nboottime 1 0\n",
					  "monotonic 1 -1\nboottime 1 0\n",
					  "monotonic 1\nboottime 1 0\n"};
	static const char far[] = "monotonic 9223372036854775807 0\nboottime 0 0\n";
	struct time_offsets offsets;

	assert_int_equal(time_offsets_parse(text, strlen(text), &offsets), 0);
	assert_int_equal(offsets.monotonic_ns, -2 * SECOND + SECOND / 2);
	assert_int_equal(offsets.boottime_ns, 864000 * SECOND + 7);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(time_offsets_parse(bad[i], strlen(bad[i]), &offsets), -EBADMSG);
	assert_int_equal(time_offsets_parse(far, strlen(far), &offsets), -ERANGE);
}

static void the_same_machine(void **state maybe_unused)
{
	Cr__Host dumped = CR__HOST__INIT;
	struct time_here here = {
		.is_same_boot = true, .monotonic_ns = 50 * SECOND, .boottime_ns = 60 * SECOND};
	struct time_offsets offsets;

	/* It is so with the clock of each moment, also if the archive should say that it was later. */
	dumped.monotonic_ns = 70 * SECOND;
	assert_false(time_namespace_is_needed(&dumped, &here, &offsets));
	dumped.monotonic_offset_ns = 20 * SECOND;
	assert_true(time_namespace_is_needed(&dumped, &here, &offsets));
	assert_int_equal(offsets.monotonic_ns, 20 * SECOND);
	assert_int_equal(offsets.boottime_ns, 0);
	here.offsets.monotonic_ns = 20 * SECOND;
	assert_false(time_namespace_is_needed(&dumped, &here, &offsets));
	here.offsets.boottime_ns = 1;
	assert_true(time_namespace_is_needed(&dumped, &here, &offsets));
}

static void another_machine(void **state maybe_unused)
{
	Cr__Host dumped = CR__HOST__INIT;
	struct time_here here = {
		.monotonic_ns = 50 * SECOND, .boottime_ns = 60 * SECOND, .elapsed_ns = 5 * SECOND};
	struct time_offsets offsets;

	dumped.monotonic_ns = 50 * SECOND;
	dumped.boottime_ns = 60 * SECOND;
	assert_false(time_namespace_is_needed(&dumped, &here, &offsets));
	dumped.boottime_ns = 61 * SECOND;
	assert_true(time_namespace_is_needed(&dumped, &here, &offsets));
	assert_int_equal(offsets.monotonic_ns, 5 * SECOND);
	assert_int_equal(offsets.boottime_ns, 6 * SECOND);
	/* The offsets are from the clocks of the machine, not from those that are seen here. */
	here.offsets.monotonic_ns = 10 * SECOND;
	assert_true(time_namespace_is_needed(&dumped, &here, &offsets));
	assert_int_equal(offsets.monotonic_ns, 15 * SECOND);
	/* Its clocks were not those of its machine, so they need not have been near them. */
	dumped.monotonic_ns = dumped.boottime_ns = 1 * SECOND;
	dumped.monotonic_offset_ns = -20 * SECOND;
	assert_true(time_namespace_is_needed(&dumped, &here, &offsets));
	assert_int_equal(offsets.monotonic_ns, -34 * SECOND);
	assert_int_equal(offsets.boottime_ns, -54 * SECOND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses),
		cmocka_unit_test(the_same_machine),
		cmocka_unit_test(another_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
