/* SPDX-License-Identifier: MIT */
/* The progress line: its figures and its width. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/progress.h"

#define SECOND_NS 1000000000LL
#define MIB (UINT64_C(1) << 20)

static void formats_bytes(void **state maybe_unused)
{
	char buffer[32];

	assert_string_equal(format_bytes(0, buffer, sizeof(buffer)), "0 bytes");
	assert_string_equal(format_bytes(1023, buffer, sizeof(buffer)), "1023 bytes");
	assert_string_equal(format_bytes(1024, buffer, sizeof(buffer)), "1.0 KiB");
	assert_string_equal(format_bytes(MIB - 1, buffer, sizeof(buffer)), "1.0 MiB");
	assert_string_equal(format_bytes(1536 * MIB, buffer, sizeof(buffer)), "1.5 GiB");
	assert_string_equal(format_bytes(UINT64_MAX, buffer, sizeof(buffer)), "16.0 EiB");
}

static void shows_rate_and_time_left(void **state maybe_unused)
{
	struct progress progress = {.label = "writing", .total = 1000 * MIB};
	char line[256];

	progress_format(&progress, 250 * MIB, 2 * SECOND_NS, 0, line, sizeof(line));
	assert_string_equal(line, "writing:  25%  250.0 MiB of 1000.0 MiB, 125.0 MiB/s, 0:06 left");
	progress_format(&progress, 0, 2 * SECOND_NS, 0, line, sizeof(line));
	assert_string_equal(line, "writing:   0%  0 bytes of 1000.0 MiB, 0 bytes/s, -:-- left");
	progress_format(&progress, MIB, 10 * SECOND_NS, 0, line, sizeof(line));
	assert_non_null(strstr(line, "2:46:30 left"));
}

static void does_without_a_total(void **state maybe_unused)
{
	struct progress progress = {.label = "reading"};
	char line[256];

	progress_format(&progress, 3 * MIB, 2 * SECOND_NS, 80, line, sizeof(line));
	assert_string_equal(line, "reading: 3.0 MiB, 1.5 MiB/s");
}

static void survives_more_than_the_total(void **state maybe_unused)
{
	struct progress progress = {.label = "writing", .total = MIB};
	char line[256];

	progress_format(&progress, 2 * MIB, 0, 200, line, sizeof(line));
	assert_non_null(strstr(line, "[########################################] 100%"));
}

static void fits_the_terminal(void **state maybe_unused)
{
	struct progress progress = {.label = "writing memory", .total = 1000 * MIB};
	char line[256];

	for (unsigned int width = 90; width < 200; width++) {
		progress_format(&progress, 500 * MIB, SECOND_NS, width, line, sizeof(line));
		assert_non_null(strchr(line, '['));
		assert_true(strlen(line) < width);
	}
	progress_format(&progress, 500 * MIB, SECOND_NS, 60, line, sizeof(line));
	assert_null(strchr(line, '['));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats_bytes),        cmocka_unit_test(shows_rate_and_time_left),
		cmocka_unit_test(does_without_a_total), cmocka_unit_test(survives_more_than_the_total),
		cmocka_unit_test(fits_the_terminal),
	};

	return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
