/* SPDX-License-Identifier: MIT */
/* The option table: what each setter takes and refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/options.h"

enum mode { MODE_NONE, MODE_LIST, MODE_VERIFY };

struct target {
	bool is_flag;
	const char *text;
	unsigned int count;
	int level;
	uint64_t size;
	enum mode mode;
	enum mode choice;
	pid_t pid;
	enum log_level log_level;
};

static const struct option_choice choices[] = {{"list", MODE_LIST}, {"verify", MODE_VERIFY}, {NULL, 0}};

static const struct option_spec table[] = {
	OPTION_HEADING("Heading"),
	OPTION_FLAG('f', "flag", struct target, is_flag, "a flag"),
	OPTION_STRING('t', "text", "TEXT", struct target, text, "a text"),
	OPTION_STRING('O', "optional", "[NAME]", struct target, text, "a text that may be left out"),
	OPTION_UNSIGNED('c', "count", "N", struct target, count, 1, 64, "a count"),
	OPTION_SIGNED('\0', "level", "N", struct target, level, -7, 19, "a level"),
	OPTION_SIZE('s', "size", "SIZE", struct target, size, "a size"),
	OPTION_VALUE('l', "list", struct target, mode, MODE_LIST, "one mode"),
	OPTION_VALUE('\0', "verify", struct target, mode, MODE_VERIFY, "another mode"),
	OPTION_CHOICE('\0', "choice", "WHAT", struct target, choice, choices, "a choice"),
	OPTION_PID('p', "pid", "PID", struct target, pid, "a process"),
	OPTION_VERBOSE(struct target, log_level),
	OPTION_QUIET(struct target, log_level),
	OPTION_HELP,
	OPTION_VERSION,
};

static const struct option_program program = {
	.name = "test",
	.synopsis = "[OPTION]... [WORD]...",
	.purpose = "Is a test.",
	.options = table,
	.option_count = ARRAY_SIZE(table),
};

/* Parses LINE, whose words are separated by single spaces. */
static int parse(const char *line, struct target *target, int *ret_operand_count)
{
	static char words[256];
	char *argv[16] = {(char *)"test"};
	int argc = 1;
	int first_operand = 0;
	int result;

	snprintf(words, sizeof(words), "%s", line);
	for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	*target = (struct target){.log_level = LOG_LEVEL_NOTICE};
	result = options_parse(&program, argc, argv, target, &first_operand);
	if (ret_operand_count)
		*ret_operand_count = argc - first_operand;
	return result;
}

static void takes_all_kinds(void **state maybe_unused)
{
	struct target target;
	int operand_count;

	assert_int_equal(parse("a -f --text=x -c 64 --level=-7 -l --choice verify b -p4194304 -vv", &target,
			       &operand_count),
			 0);
	assert_true(target.is_flag);
	assert_string_equal(target.text, "x");
	assert_int_equal(target.count, 64);
	assert_int_equal(target.level, -7);
	assert_int_equal(target.mode, MODE_LIST);
	assert_int_equal(target.choice, MODE_VERIFY);
	assert_int_equal(target.pid, 4194304);
	assert_int_equal(target.log_level, LOG_LEVEL_DEBUG);
	assert_int_equal(operand_count, 2);
}

static void takes_sizes(void **state maybe_unused)
{
	static const struct {
		const char *line;
		uint64_t size;
	} sizes[] = {
		{"-s 0", 0},
		{"-s 1000", 1000},
		{"-s 1K", 1024},
		{"--size=3m", 3 << 20},
		{"--size=2G", UINT64_C(2) << 30},
		{"--size=16777215T", UINT64_C(16777215) << 40},
		{"--size=18446744073709551615", UINT64_MAX},
	};

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct target target;

		assert_int_equal(parse(sizes[i].line, &target, NULL), 0);
		assert_true(target.size == sizes[i].size);
	}
}

static void leaves_out_optional_argument(void **state maybe_unused)
{
	struct target target;
	int operand_count;

	assert_int_equal(parse("--optional word", &target, &operand_count), 0);
	assert_null(target.text);
	assert_int_equal(operand_count, 1);
	assert_int_equal(parse("--optional=name", &target, NULL), 0);
	assert_string_equal(target.text, "name");
	assert_int_equal(parse("-Of", &target, NULL), 0);
	assert_null(target.text);
	assert_true(target.is_flag);
}

static void refuses_wrong_use(void **state maybe_unused)
{
	static const char *const lines[] = {
		"-c 0",
		"-c 65",
		"-c 1x",
		"-c +1",
		"-c -1",
		"-c 0x10",
		"--count=",
		"--level=-8",
		"--level=20",
		"--level=-",
		"-p 0",
		"-p -1",
		"-p 4194305",
		"-p 1.5",
		"-p 99999999999999999999",
		"--text=",
		"--choice=x",
		"--unknown",
		"--unknown=3",
		"-z",
		"-fz",
		"-c",
		"--count",
		"--flag=3",
		"--v",
		"--ver=3",
		"--list=x",
		"-l --verify",
		"--verify -l",
		"--pid=",
		"--size=",
		"-s K",
		"-s -1",
		"-s 1KB",
		"-s 1E",
		"-s 1.5",
		"-s 16777216T",
		"-s 18446744073709551616",
		"-s 1k1",
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct target target;

		if (parse(lines[i], &target, NULL) != -EINVAL)
			fail_msg("taken: %s", lines[i]);
	}
}

static void repeats_a_mode(void **state maybe_unused)
{
	struct target target;

	assert_int_equal(parse("-l --list", &target, NULL), 0);
	assert_int_equal(target.mode, MODE_LIST);
}

static void last_of_quiet_and_verbose_counts(void **state maybe_unused)
{
	struct target target;

	assert_int_equal(parse("-v -q", &target, NULL), 0);
	assert_int_equal(target.log_level, LOG_LEVEL_ERROR);
	assert_int_equal(parse("-q -v", &target, NULL), 0);
	assert_int_equal(target.log_level, LOG_LEVEL_INFO);
	assert_int_equal(parse("-vvvvv", &target, NULL), 0);
	assert_int_equal(target.log_level, LOG_LEVEL_DEBUG);
}

static void stops_at_two_dashes(void **state maybe_unused)
{
	struct target target;
	int operand_count;

	assert_int_equal(parse("-f -- -c --bad", &target, &operand_count), 0);
	assert_int_equal(operand_count, 2);
}

static void parses_pids_strictly(void **state maybe_unused)
{
	pid_t pid = 7;

	assert_int_equal(option_parse_pid("1", &pid), 0);
	assert_int_equal(pid, 1);
	assert_int_equal(option_parse_pid(" 2", &pid), -EINVAL);
	assert_int_equal(option_parse_pid("2 ", &pid), -EINVAL);
	assert_int_equal(option_parse_pid("", &pid), -EINVAL);
	assert_int_equal(option_parse_pid("+2", &pid), -EINVAL);
	assert_int_equal(pid, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_all_kinds),
		cmocka_unit_test(takes_sizes),
		cmocka_unit_test(leaves_out_optional_argument),
		cmocka_unit_test(refuses_wrong_use),
		cmocka_unit_test(repeats_a_mode),
		cmocka_unit_test(last_of_quiet_and_verbose_counts),
		cmocka_unit_test(stops_at_two_dashes),
		cmocka_unit_test(parses_pids_strictly),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
