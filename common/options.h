/* SPDX-License-Identifier: MIT */
/*
 * The command line of a program as one table, which drives both getopt_long(3) and --help.
 *
 * A line of the table names the option, the member of the program's own options struct that it fills, and the
 * setter that parses its argument into that member. Wrong use ends in exactly one line on standard error.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/compiler.h"
#include "common/log.h"

struct option_program;
struct option_spec;

/*
 * Parses ARGUMENT (NULL if there is none) into MEMBER. Returns 0, or -EINVAL after it has said what is wrong
 * with option_usage_error(). Strings stay where they are in argv.
 */
typedef int (*option_setter)(const struct option_program *program, const struct option_spec *spec,
			     const char *argument, void *member);

struct option_choice {
	const char *name;
	int value;
};

struct option_spec {
	char short_name;       /* '\0': none */
	const char *long_name; /* NULL: the line is a heading, HELP its text */
	const char *argument;  /* its name in --help; NULL: the option takes none; "[NAME]": it may be left
				  out,  and goes with the long name only */
	const char *help;      /* '\n' starts a new line in --help */
	option_setter set;     /* NULL: --help and --version, which options_parse() serves itself */
	size_t offset;         /* of the member that SET fills */
	long long minimum;     /* of a number; the value that option_set_value() stores */
	long long maximum;
	const struct option_choice *choices; /* ends with a NULL name */
};

struct option_program {
	const char *name;     /* as a user types it */
	const char *synopsis; /* what follows the name, one form a line */
	const char *purpose;  /* what the program does, in one sentence */
	const struct option_spec *options;
	size_t option_count;
};

/*
 * Fills TARGET, the program's options struct, from ARGV, whose operands are moved to its end; the first of
 * them is argv[*ret_first_operand]. Returns 0, 1 when --help or --version has been printed, -EINVAL after one
 * line of usage error, or another negative errno, already reported.
 */
int must_check options_parse(const struct option_program *program, int argc, char **argv, void *target,
			     int *ret_first_operand);

/* Prints "PROGRAM: message; see PROGRAM --help" on standard error. */
void option_report_usage(const struct option_program *program, const char *format, ...) printf_like(2, 3);

/* The same, with the value -EINVAL; a macro so that the compiler sees that nothing else can come back. */
#define option_usage_error(...) (option_report_usage(__VA_ARGS__), -EINVAL)

/* A process id in plain decimal digits, 1 to the kernel's greatest. -EINVAL otherwise, in silence. */
int must_check option_parse_pid(const char *text, pid_t *ret_pid);

int option_set_flag(const struct option_program *program, const struct option_spec *spec,
		    const char *argument, void *member);
/* Each use adds to the list; one too many is wrong use. */
#define OPTION_LIST_MAX 1024
struct option_list {
	const char *items[OPTION_LIST_MAX];
	size_t count;
};
int option_set_list(const struct option_program *program, const struct option_spec *spec,
		    const char *argument, void *member);
int option_set_string(const struct option_program *program, const struct option_spec *spec,
		      const char *argument, void *member);
int option_set_unsigned(const struct option_program *program, const struct option_spec *spec,
			const char *argument, void *member);
int option_set_signed(const struct option_program *program, const struct option_spec *spec,
		      const char *argument, void *member);
/* Bytes, or with K, M, G or T behind the number (in either case) that many times 1024 bytes, and so on. */
int option_set_size(const struct option_program *program, const struct option_spec *spec,
		    const char *argument, void *member);
int option_set_choice(const struct option_program *program, const struct option_spec *spec,
		      const char *argument, void *member);
int option_set_pid(const struct option_program *program, const struct option_spec *spec, const char *argument,
		   void *member);

/* Stores the option's own value, which is not 0; options that fill the same member exclude each other. */
int option_set_value(const struct option_program *program, const struct option_spec *spec,
		     const char *argument, void *member);

/* One step more talkative; quiet is errors only. Of both, the one given last counts. */
int option_set_verbose(const struct option_program *program, const struct option_spec *spec,
		       const char *argument, void *member);
int option_set_quiet(const struct option_program *program, const struct option_spec *spec,
		     const char *argument, void *member);

/*
 * The lines of a table. OWNER is the options struct; that MEMBER has the type which the setter writes is
 * checked when this is compiled.
 */
#define OPTION_HEADING(text)                                                                                 \
	{                                                                                                    \
		.help = (text)                                                                               \
	}
#define OPTION_FLAG(short_, long_, owner, member, help_)                                                     \
	{                                                                                                    \
		.short_name = (short_), .long_name = (long_), .help = (help_), .set = option_set_flag,       \
		.offset = OPTION_MEMBER(owner, member, bool)                                                 \
	}
#define OPTION_VALUE(short_, long_, owner, member, value, help_)                                             \
	{                                                                                                    \
		.short_name = (short_), .long_name = (long_), .help = (help_), .set = option_set_value,      \
		.offset = OPTION_ENUM_MEMBER(owner, member), .minimum = (value)                              \
	}
#define OPTION_STRING(short_, long_, argument_, owner, member, help_)                                        \
	{                                                                                                    \
		.short_name = (short_), .long_name = (long_), .argument = (argument_), .help = (help_),      \
		.set = option_set_string, .offset = OPTION_MEMBER(owner, member, const char *)               \
	}
#define OPTION_LIST(short_, long_, argument_, owner, member, help_)                                          \
	{                                                                                                    \
		.short_name = (short_), .long_name = (long_), .argument = (argument_), .help = (help_),      \
		.set = option_set_list, .offset = OPTION_MEMBER(owner, member, struct option_list)           \
	}
/* SET is given the whole options struct. */
#define OPTION_WHOLE(short_, long_, argument_, set_, help_)                                                  \
	{                                                                                                    \
		.short_name = (short_), .long_name = (long_), .argument = (argument_), .help = (help_),      \
		.set = (set_), .offset = 0                                                                   \
	}
#define OPTION_UNSIGNED(short_, long_, argument_, owner, member, minimum_, maximum_, help_)                  \
	{                                                                                                    \
		.short_name = (short_), .long_name = (long_), .argument = (argument_), .help = (help_),      \
		.set = option_set_unsigned, .offset = OPTION_MEMBER(owner, member, unsigned int),            \
		.minimum = (minimum_), .maximum = (maximum_)                                                 \
	}
#define OPTION_SIGNED(short_, long_, argument_, owner, member, minimum_, maximum_, help_)                    \
	{                                                                                                    \
		.short_name = (short_), .long_name = (long_), .argument = (argument_), .help = (help_),      \
		.set = option_set_signed, .offset = OPTION_MEMBER(owner, member, int),                       \
		.minimum = (minimum_), .maximum = (maximum_)                                                 \
	}
#define OPTION_SIZE(short_, long_, argument_, owner, member, help_)                                          \
	{                                                                                                    \
		.short_name = (short_), .long_name = (long_), .argument = (argument_), .help = (help_),      \
		.set = option_set_size, .offset = OPTION_MEMBER(owner, member, uint64_t)                     \
	}
#define OPTION_CHOICE(short_, long_, argument_, owner, member, choices_, help_)                              \
	{                                                                                                    \
		.short_name = (short_), .long_name = (long_), .argument = (argument_), .help = (help_),      \
		.set = option_set_choice, .offset = OPTION_ENUM_MEMBER(owner, member), .choices = (choices_) \
	}
#define OPTION_PID(short_, long_, argument_, owner, member, help_)                                           \
	{                                                                                                    \
		.short_name = (short_), .long_name = (long_), .argument = (argument_), .help = (help_),      \
		.set = option_set_pid, .offset = OPTION_MEMBER(owner, member, pid_t)                         \
	}
#define OPTION_VERBOSE(owner, member)                                                                        \
	{                                                                                                    \
		.short_name = 'v', .long_name = "verbose", .help = "say more; twice: everything",            \
		.set = option_set_verbose, .offset = OPTION_MEMBER(owner, member, enum log_level)            \
	}
#define OPTION_QUIET(owner, member)                                                                          \
	{                                                                                                    \
		.short_name = 'q', .long_name = "quiet", .help = "say nothing but errors",                   \
		.set = option_set_quiet, .offset = OPTION_MEMBER(owner, member, enum log_level)              \
	}
#define OPTION_HELP                                                                                          \
	{                                                                                                    \
		.short_name = 'h', .long_name = "help", .help = "show this help and exit"                    \
	}
#define OPTION_VERSION                                                                                       \
	{                                                                                                    \
		.short_name = 'V', .long_name = "version", .help = "show the version and exit"               \
	}

/* The offset of MEMBER; a compile error if it is not a TYPE, or not an enum's size. */
#define OPTION_MEMBER(owner, member, type)                                                                   \
	(offsetof(owner, member) + 0 * sizeof((type *)NULL == &((owner *)NULL)->member))
#define OPTION_ENUM_MEMBER(owner, member)                                                                    \
	(offsetof(owner, member) + 0 * sizeof(char[sizeof(((owner *)NULL)->member) == sizeof(int) ? 1 : -1]))

/* --stdio: what becomes of standard descriptors that lead outside. */
enum standard_fds {
	STANDARD_FDS_REFUSED,
	STANDARD_FDS_INHERITED,
};
extern const struct option_choice standard_fds_choices[];
