/* SPDX-License-Identifier: MIT */
/* The command line of cr-dump: what goes together and what does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dumper/options.h"

static int parse(const char *line, struct dump_options *options)
{
	static char words[256];
	char *argv[16] = {(char *)"cr-dump"};
	int argc = 1;

	*options = (struct dump_options){0};
	snprintf(words, sizeof(words), "%s", line);
	for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	return dump_options_parse(options, argc, argv);
}

static void takes_the_pid_in_both_forms(void **state maybe_unused)
{
	struct dump_options options;

	assert_int_equal(parse("-t 42 -o app.tar.zst", &options), 0);
	assert_int_equal(options.root_pid, 42);
	assert_string_equal(options.output, "app.tar.zst");
	assert_int_equal(options.aftermath, DUMP_AFTERMATH_KILL);
	assert_int_equal(options.level, DUMP_LEVEL_DEFAULT);
	assert_int_equal(options.timeout_seconds, DUMP_TIMEOUT_SECONDS_DEFAULT);
	assert_int_equal(options.log_level, LOG_LEVEL_NOTICE);
	assert_int_equal(parse("-o app.tar.zst 43 -R", &options), 0);
	assert_int_equal(options.root_pid, 43);
	assert_int_equal(options.aftermath, DUMP_AFTERMATH_LEAVE_RUNNING);
}

static void checks_without_an_output(void **state maybe_unused)
{
	struct dump_options options;

	assert_int_equal(parse("--check 42", &options), 0);
	assert_true(options.is_check);
	assert_null(options.output);
}

static void quiet_hides_the_progress(void **state maybe_unused)
{
	struct dump_options options;

	assert_int_equal(parse("-q --check 42", &options), 0);
	assert_int_equal(options.progress, PROGRESS_MODE_NEVER);
	assert_int_equal(parse("-q --progress=always --check 42", &options), 0);
	assert_int_equal(options.progress, PROGRESS_MODE_ALWAYS);
}

static void refuses_wrong_use(void **state maybe_unused)
{
	static const char *const lines[] = {
		"",
		"-o x",
		"42",
		"-t 42",
		"-t 42 -o x 43",
		"-o x 42 43",
		"-o x 42x",
		"-o x 0",
		"-R -s -o x 42",
		"-s -R -o x 42",
		"--check -o x 42",
		"--check -R 42",
		"--check -s 42",
		"--level 20 -o x 42",
		"--threads 65 -o x 42",
		"--timeout 0 -o x 42",
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct dump_options options;

		if (parse(lines[i], &options) != -EINVAL)
			fail_msg("taken: %s", lines[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_pid_in_both_forms),
		cmocka_unit_test(checks_without_an_output),
		cmocka_unit_test(quiet_hides_the_progress),
		cmocka_unit_test(refuses_wrong_use),
	};

	return cmocka_run_group_tests_name("cr-dump options", tests, NULL, NULL);
}
