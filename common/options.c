/* SPDX-License-Identifier: MIT */
/* The command line of a program as one table, over getopt_long(3). */
#include "common/options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

/* What getopt_long() returns for line N of the table is LONG_VALUE_BASE + N, apart from all characters. */
#define LONG_VALUE_BASE 256

/* The kernel's greatest pid_max on 64-bit machines (PID_MAX_LIMIT). */
#define PID_GREATEST 4194304

/* In --help, the column at which explanations start, unless an option is longer. */
#define HELP_COLUMN 28

const struct option_choice standard_fds_choices[] = {{"inherit", STANDARD_FDS_INHERITED}, {NULL, 0}};

void option_report_usage(const struct option_program *program, const char *format, ...)
{
	char message[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	fprintf(stderr, "%s: %s; see %s --help\n", program->name, message, program->name);
}

/* Plain digits, with a '-' before them if IS_SIGNED; neither spaces nor signs that strtoll(3) would let pass.
 */
static int parse_number(const char *text, bool is_signed, long long *ret_number)
{
	const char *digits = is_signed && *text == '-' ? text + 1 : text;
	long long number;

	if (*digits == '\0' || digits[strspn(digits, "0123456789")] != '\0')
		return -EINVAL;
	errno = 0;
	number = strtoll(text, NULL, 10);
	if (errno != 0)
		return -errno;
	*ret_number = number;
	return 0;
}

int option_parse_pid(const char *text, pid_t *ret_pid)
{
	long long number;

	if (parse_number(text, false, &number) < 0 || number < 1 || number > PID_GREATEST)
		return -EINVAL;
	*ret_pid = (pid_t)number;
	return 0;
}

static int parse_in_range(const struct option_program *program, const struct option_spec *spec,
			  const char *argument, long long *ret_number)
{
	long long number;

	if (parse_number(argument, spec->minimum < 0, &number) < 0 || number < spec->minimum ||
	    number > spec->maximum)
		return option_usage_error(program, "--%s takes a number from %lld to %lld, not '%s'",
					  spec->long_name, spec->minimum, spec->maximum, argument);
	*ret_number = number;
	return 0;
}

int option_set_flag(const struct option_program *program maybe_unused,
		    const struct option_spec *spec maybe_unused, const char *argument maybe_unused,
		    void *member)
{
	*(bool *)member = true;
	return 0;
}

int option_set_string(const struct option_program *program, const struct option_spec *spec,
		      const char *argument, void *member)
{
	if (argument && *argument == '\0')
		return option_usage_error(program, "--%s is given an empty %s", spec->long_name,
					  spec->argument);
	*(const char **)member = argument;
	return 0;
}

int option_set_list(const struct option_program *program, const struct option_spec *spec,
		    const char *argument, void *member)
{
	struct option_list *list = member;

	if (list->count == OPTION_LIST_MAX)
		return option_usage_error(program, "--%s is given more than %d times", spec->long_name,
					  OPTION_LIST_MAX);
	return option_set_string(program, spec, argument, &list->items[list->count++]);
}

int option_set_unsigned(const struct option_program *program, const struct option_spec *spec,
			const char *argument, void *member)
{
	long long number;
	int result = parse_in_range(program, spec, argument, &number);

	if (result < 0)
		return result;
	*(unsigned int *)member = (unsigned int)number;
	return 0;
}

int option_set_signed(const struct option_program *program, const struct option_spec *spec,
		      const char *argument, void *member)
{
	long long number;
	int result = parse_in_range(program, spec, argument, &number);

	if (result < 0)
		return result;
	*(int *)member = (int)number;
	return 0;
}

/* A number with one letter behind it at most, for a multiple of 1024. */
static int parse_size(const char *text, uint64_t *ret_size)
{
	static const char units[] = "KMGT";
	size_t digits = strspn(text, "0123456789");
	const char *unit = text[digits] ? strchr(units, toupper((unsigned char)text[digits])) : NULL;
	unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
	unsigned long long number;

	if (digits == 0 || (text[digits] && (!unit || text[digits + 1])))
		return -EINVAL;
	errno = 0;
	number = strtoull(text, NULL, 10);
	if (errno != 0 || number > UINT64_MAX >> shift)
		return -EINVAL;
	*ret_size = (uint64_t)number << shift;
	return 0;
}

int option_set_size(const struct option_program *program, const struct option_spec *spec,
		    const char *argument, void *member)
{
	if (parse_size(argument, member) < 0)
		return option_usage_error(program,
					  "--%s takes a number of bytes, or one of K, M, G or T, not '%s'",
					  spec->long_name, argument);
	return 0;
}

int option_set_choice(const struct option_program *program, const struct option_spec *spec,
		      const char *argument, void *member)
{
	char names[128] = "";
	size_t length = 0;

	for (const struct option_choice *choice = spec->choices; choice->name; choice++) {
		if (strcmp(argument, choice->name) == 0) {
			memcpy(member, &choice->value, sizeof(choice->value));
			return 0;
		}
		if (length < sizeof(names))
			length += (size_t)snprintf(names + length, sizeof(names) - length, "%s%s",
						   length ? ", " : "", choice->name);
	}
	return option_usage_error(program, "--%s takes one of %s, not '%s'", spec->long_name, names,
				  argument);
}

int option_set_pid(const struct option_program *program, const struct option_spec *spec, const char *argument,
		   void *member)
{
	if (option_parse_pid(argument, member) < 0)
		return option_usage_error(program, "--%s takes a process id, not '%s'", spec->long_name,
					  argument);
	return 0;
}

int option_set_value(const struct option_program *program, const struct option_spec *spec,
		     const char *argument maybe_unused, void *member)
{
	int value = (int)spec->minimum;
	int earlier;

	memcpy(&earlier, member, sizeof(earlier));
	for (size_t i = 0; earlier != 0 && earlier != value && i < program->option_count; i++) {
		const struct option_spec *other = &program->options[i];

		if (other->set == option_set_value && other->offset == spec->offset &&
		    other->minimum == earlier)
			return option_usage_error(program, "--%s and --%s exclude each other",
						  other->long_name, spec->long_name);
	}
	memcpy(member, &value, sizeof(value));
	return 0;
}

int option_set_verbose(const struct option_program *program maybe_unused,
		       const struct option_spec *spec maybe_unused, const char *argument maybe_unused,
		       void *member)
{
	enum log_level *level = member;

	/* the first -v after -q starts from the default again */
	if (*level < LOG_LEVEL_NOTICE)
		*level = LOG_LEVEL_NOTICE;
	if (*level < LOG_LEVEL_DEBUG)
		*level += 1;
	return 0;
}

int option_set_quiet(const struct option_program *program maybe_unused,
		     const struct option_spec *spec maybe_unused, const char *argument maybe_unused,
		     void *member)
{
	*(enum log_level *)member = LOG_LEVEL_ERROR;
	return 0;
}

/* Writes "-x, --name ARGUMENT" as --help shows it; returns its length, which may be more than SIZE. */
static int format_option_names(const struct option_spec *spec, char *buffer, size_t size)
{
	char short_part[8] = "    ";
	const char *argument = spec->argument ? spec->argument : "";
	const char *separator = "";

	if (spec->short_name)
		snprintf(short_part, sizeof(short_part), "-%c, ", spec->short_name);
	if (spec->argument)
		separator = *argument == '[' ? "" : "=";
	if (*argument == '[')
		return snprintf(buffer, size, "  %s--%s[=%.*s]", short_part, spec->long_name,
				(int)strlen(argument) - 2, argument + 1);
	return snprintf(buffer, size, "  %s--%s%s%s", short_part, spec->long_name, separator, argument);
}

static void print_option_help(const struct option_spec *spec)
{
	char names[96];
	int length = format_option_names(spec, names, sizeof(names));

	if (length + 2 > HELP_COLUMN)
		printf("%s\n%*s", names, HELP_COLUMN, "");
	else
		printf("%-*s", HELP_COLUMN, names);
	for (const char *line = spec->help; line;) {
		const char *end = strchr(line, '\n');

		printf("%.*s\n", end ? (int)(end - line) : (int)strlen(line), line);
		line = end ? end + 1 : NULL;
		if (line)
			printf("%*s", HELP_COLUMN, "");
	}
}

/* Output that could not be written is an error: nobody has seen it. */
static int finish_stdout(const struct option_program *program)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 1;
	fprintf(stderr, "%s: cannot write to standard output: %s\n", program->name, strerror(errno));
	return -EIO;
}

static int print_help(const struct option_program *program)
{
	const char *prefix = "Usage:";

	for (const char *line = program->synopsis; line;) {
		const char *end = strchr(line, '\n');

		printf("%-6s %s %.*s\n", prefix, program->name, end ? (int)(end - line) : (int)strlen(line),
		       line);
		prefix = "";
		line = end ? end + 1 : NULL;
	}
	printf("%s\n", program->purpose);
	for (size_t i = 0; i < program->option_count; i++) {
		if (program->options[i].long_name)
			print_option_help(&program->options[i]);
		else
			printf("\n%s:\n", program->options[i].help);
	}
	return finish_stdout(program);
}

static int print_version(const struct option_program *program)
{
	printf("%s %s\n", program->name, CR_VERSION);
	return finish_stdout(program);
}

/* The two tables that getopt_long() wants. */
struct getopt_tables {
	struct option *long_options;
	char *short_options;
};

static void getopt_tables_done(struct getopt_tables *tables)
{
	free(tables->long_options);
	free(tables->short_options);
}

static int argument_kind(const struct option_spec *spec)
{
	if (!spec->argument)
		return no_argument;
	return *spec->argument == '[' ? optional_argument : required_argument;
}

static int getopt_tables_init(struct getopt_tables *tables, const struct option_program *program)
{
	struct option *long_option;
	char *letter;

	tables->long_options = calloc(program->option_count + 1, sizeof(*tables->long_options));
	tables->short_options = calloc(program->option_count + 1, 3);
	if (!tables->long_options || !tables->short_options)
		return log_error_errno(-ENOMEM, "cannot read the command line");

	long_option = tables->long_options;
	letter = tables->short_options;
	*letter++ = ':'; /* tells a missing argument from an unknown option */
	for (size_t i = 0; i < program->option_count; i++) {
		const struct option_spec *spec = &program->options[i];

		if (!spec->long_name)
			continue;
		*long_option++ = (struct option){.name = spec->long_name,
						 .has_arg = argument_kind(spec),
						 .val = LONG_VALUE_BASE + (int)i};
		if (!spec->short_name)
			continue;
		*letter++ = spec->short_name;
		if (argument_kind(spec) == required_argument)
			*letter++ = ':';
	}
	return 0;
}

static const struct option_spec *find_spec(const struct option_program *program, int value)
{
	if (value >= LONG_VALUE_BASE)
		return &program->options[value - LONG_VALUE_BASE];
	for (size_t i = 0; i < program->option_count; i++) {
		if (program->options[i].short_name == value)
			return &program->options[i];
	}
	return NULL;
}

/* WORD is what getopt_long() stopped at, with return value '?'; optopt says what it knew of it. */
static int report_bad_option(const struct option_program *program, const char *word)
{
	size_t length = strcspn(word, "=");
	unsigned int match_count = 0;

	if (optopt >= LONG_VALUE_BASE)
		return option_usage_error(program, "--%s takes no argument",
					  find_spec(program, optopt)->long_name);
	if (optopt != 0)
		return option_usage_error(program, "unknown option '-%c'", optopt);
	for (size_t i = 0; i < program->option_count; i++) {
		const char *name = program->options[i].long_name;

		if (name && length > 2 && strncmp(name, word + 2, length - 2) == 0)
			match_count++;
	}
	return option_usage_error(program, "%s option '%.*s'", match_count > 1 ? "ambiguous" : "unknown",
				  (int)length, word);
}

int options_parse(const struct option_program *program, int argc, char **argv, void *target,
		  int *ret_first_operand)
{
	cleanup_(getopt_tables_done) struct getopt_tables tables = {NULL, NULL};
	int value;
	int result = getopt_tables_init(&tables, program);

	if (result < 0)
		return result;
	opterr = 0;
	optind = 0; /* glibc: start afresh, whatever was parsed before */
	while ((value = getopt_long(argc, argv, tables.short_options, tables.long_options, NULL)) != -1) {
		const struct option_spec *spec = find_spec(program, value == ':' ? optopt : value);

		if (value == '?')
			return report_bad_option(program, argv[optind - 1]);
		if (value == ':')
			return option_usage_error(program, "--%s needs an argument: --%s=%s", spec->long_name,
						  spec->long_name, spec->argument);
		if (!spec->set && spec->short_name == 'h')
			return print_help(program);
		if (!spec->set)
			return print_version(program);
		result = spec->set(program, spec, optarg, (char *)target + spec->offset);
		if (result < 0)
			return result;
	}
	*ret_first_operand = optind;
	return 0;
}
