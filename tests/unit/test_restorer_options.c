/* SPDX-License-Identifier: MIT */
/* The command line of cr-restore: what goes together and what does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "restorer/options.h"

static int parse(const char *line, struct restore_options *options)
{
	static char words[256];
	char *argv[16] = {(char *)"cr-restore"};
	int argc = 1;

	*options = (struct restore_options){0};
	snprintf(words, sizeof(words), "%s", line);
	for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	return restore_options_parse(options, argc, argv);
}

static void restores_by_default(void **state maybe_unused)
{
	struct restore_options options;

	assert_int_equal(parse("-i app.tar.zst -d --pidfile p --threads 2", &options), 0);
	assert_string_equal(options.input, "app.tar.zst");
	assert_int_equal(options.mode, RESTORE_MODE_RESTORE);
	assert_true(options.is_detached);
	assert_string_equal(options.pidfile, "p");
	assert_int_equal(options.thread_count, 2);
}

static void has_one_mode(void **state maybe_unused)
{
	struct restore_options options;

	assert_int_equal(parse("--inspect --json -i x", &options), 0);
	assert_int_equal(options.mode, RESTORE_MODE_INSPECT);
	assert_true(options.is_json);
	assert_int_equal(parse("--list -i x", &options), 0);
	assert_int_equal(options.mode, RESTORE_MODE_LIST);
	assert_int_equal(parse("--verify -i x", &options), 0);
	assert_int_equal(options.mode, RESTORE_MODE_VERIFY);
	assert_int_equal(parse("--check -i x", &options), 0);
	assert_int_equal(options.mode, RESTORE_MODE_CHECK);
}

static void refuses_wrong_use(void **state maybe_unused)
{
	static const char *const lines[] = {
		"",
		"x",
		"-i x y",
		"--json -i x",
		"--list --json -i x",
		"--list --verify -i x",
		"-d --list -i x",
		"--check --pidfile p -i x",
		"--threads 65 -i x",
		"-i",
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct restore_options options;

		if (parse(lines[i], &options) != -EINVAL)
			fail_msg("taken: %s", lines[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(restores_by_default),
		cmocka_unit_test(has_one_mode),
		cmocka_unit_test(refuses_wrong_use),
	};

	return cmocka_run_group_tests_name("cr-restore options", tests, NULL, NULL);
}
