/* SPDX-License-Identifier: MIT */
/* The command line of cr-dump. */
#include "dumper/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int add_external(const struct option_program *program, struct dump_options *options,
			const struct external_key *key)
{
	if (options->externals_count == OPTION_LIST_MAX)
		return option_usage_error(program, "more than %d open files are allowed to lead outside",
					  OPTION_LIST_MAX);
	options->externals[options->externals_count++] = *key;
	return 0;
}

static int set_external(const struct option_program *program, const struct option_spec *spec maybe_unused,
			const char *argument, void *member)
{
	struct external_key key;

	if (external_key_parse(argument, &key) < 0)
		return option_usage_error(program,
					  "--external takes unix[INODE], pipe[INODE], file[MOUNT:INODE] or "
					  "tty[RDEV:DEV], not '%s'",
					  argument);
	return add_external(program, member, &key);
}

static int set_ext_unix_sk(const struct option_program *program, const struct option_spec *spec maybe_unused,
			   const char *argument, void *member)
{
	struct dump_options *options = member;
	const char *at = argument;

	options->has_ext_unix_sk = true;
	while (at) {
		struct external_key key = {.type = EXTERNAL_UNIX};
		char *end = NULL;
		int r;

		errno = 0;
		key.first = strtoull(at, &end, 10);
		if (*at < '0' || *at > '9' || errno != 0 || (*end != '\0' && *end != ','))
			return option_usage_error(
				program, "--ext-unix-sk takes inodes with commas between them, not '%s'",
				argument);
		r = add_external(program, options, &key);
		if (r < 0)
			return r;
		at = *end ? end + 1 : NULL;
	}
	return 0;
}

static const struct option_spec dump_option_table[] = {
	OPTION_HEADING("What to dump, and where to"),
	OPTION_PID('t', "tree", "PID", struct dump_options, root_pid,
		   "the process, with all below it; the same as PID\n"
		   "alone"),
	OPTION_STRING('o', "output", "FILE", struct dump_options, output,
		      "the archive to write; '-' is standard output"),
	OPTION_FLAG('j', "shell-job", struct dump_options, is_shell_job,
		    "allow a program whose session leader, a shell, is\n"
		    "not dumped"),
	OPTION_FLAG('l', "file-locks", struct dump_options, has_file_locks,
		    "keep file locks and leases; others may hold, or\n"
		    "want to have, the same"),
	OPTION_SIZE('\0', "ghost-limit", "SIZE", struct dump_options, ghost_limit,
		    "save deleted files that hold up to SIZE bytes each\n"
		    "(K, M, G, T may follow); default 1G"),
	OPTION_WHOLE('x', "ext-unix-sk", "[INODE,...]", set_ext_unix_sk,
		     "allow unix datagram sockets that are connected to\n"
		     "servers outside, such as /dev/log; and those of\n"
		     "the given inodes whatever they are connected to"),
	OPTION_WHOLE('\0', "external", "KEY", set_external,
		     "allow an open file that leads outside: unix[INODE],\n"
		     "pipe[INODE], file[MOUNT:INODE] or tty[RDEV:DEV];\n"
		     "may be given many times"),
	OPTION_CHOICE('\0', "stdio", "HOW", struct dump_options, standard_fds, standard_fds_choices,
		      "inherit: standard input, output and error that\n"
		      "lead outside become those of cr-restore"),
	OPTION_FLAG('\0', "tcp-established", struct dump_options, has_tcp_established,
		    "keep TCP connections, also to programs outside"),
	OPTION_FLAG('\0', "tcp-close", struct dump_options, has_tcp_close,
		    "let TCP connections be found closed by the restored\n"
		    "program"),
	OPTION_FLAG('\0', "skip-in-flight", struct dump_options, is_in_flight_skipped,
		    "leave out what is under way in its sockets and\n"
		    "cannot be preserved"),
	OPTION_FLAG('\0', "json", struct dump_options, is_json,
		    "tell what came of it, and all that stands against\n"
		    "it, as JSON on standard output"),
	OPTION_FLAG('\0', "check", struct dump_options, is_check,
		    "list everything that would stop the dump; write\n"
		    "nothing, change nothing"),

	OPTION_HEADING("What becomes of the program afterwards (it is ended, unless told otherwise)"),
	OPTION_VALUE('R', "leave-running", struct dump_options, aftermath, DUMP_AFTERMATH_LEAVE_RUNNING,
		     "let it go on running"),
	OPTION_VALUE('s', "leave-stopped", struct dump_options, aftermath, DUMP_AFTERMATH_LEAVE_STOPPED,
		     "leave it stopped, as by SIGSTOP"),

	OPTION_HEADING("How"),
	OPTION_SIGNED('\0', "level", "N", struct dump_options, level, -7, 19,
		      "zstd compression level, -7 (fastest) to 19\n"
		      "(smallest); default 1"),
	OPTION_UNSIGNED('\0', "threads", "N", struct dump_options, thread_count, 0, DUMP_THREADS_MAX,
			"compress on N threads, at most 64; default 0, one\n"
			"for each processor"),
	OPTION_UNSIGNED('\0', "timeout", "SECONDS", struct dump_options, timeout_seconds, 1, 86400,
			"give up if the program has not stopped by then;\n"
			"default 10"),

	OPTION_HEADING("Messages"),
	OPTION_VERBOSE(struct dump_options, log_level),
	OPTION_QUIET(struct dump_options, log_level),
	OPTION_CHOICE('\0', "progress", "WHEN", struct dump_options, progress, progress_choices,
		      "show how far it has come: auto, always or never"),
	OPTION_HELP,
	OPTION_VERSION,
};

static const struct option_program dump_program = {
	.name = "cr-dump",
	.synopsis = "[OPTION]... -o FILE PID\n"
		    "[OPTION]... -o FILE -t PID",
	.purpose = "Saves a running program, as it is now, in one compressed tar archive.",
	.options = dump_option_table,
	.option_count = ARRAY_SIZE(dump_option_table),
};

static int take_operands(struct dump_options *options, int count, char **operands)
{
	if (count == 0)
		return 0;
	if (count > 1)
		return option_usage_error(&dump_program, "one process at a time, but got '%s' and '%s'",
					  operands[0], operands[1]);
	if (options->root_pid != 0)
		return option_usage_error(&dump_program, "the process is given twice: by --tree and as '%s'",
					  operands[0]);
	if (option_parse_pid(operands[0], &options->root_pid) < 0)
		return option_usage_error(&dump_program, "'%s' is not a process id", operands[0]);
	return 0;
}

static int check_options(const struct dump_options *options)
{
	if (options->root_pid == 0 && !options->output && !options->is_check)
		return option_usage_error(&dump_program,
					  "no process and no output given: use -t PID -o FILE");
	if (options->root_pid == 0)
		return option_usage_error(&dump_program, "no process given: use -t PID");
	if (options->is_check && options->output)
		return option_usage_error(&dump_program, "--check writes nothing: leave out --output");
	if (options->is_check && options->aftermath != DUMP_AFTERMATH_KILL)
		return option_usage_error(
			&dump_program, "--check always leaves the program as it is: leave out --leave-%s",
			options->aftermath == DUMP_AFTERMATH_LEAVE_RUNNING ? "running" : "stopped");
	if (options->has_tcp_established && options->has_tcp_close)
		return option_usage_error(
			&dump_program,
			"--tcp-established keeps connections, --tcp-close does not: give one of them");
	if (options->is_check)
		return 0;
	if (options->output && options->is_json && strcmp(options->output, "-") == 0)
		return option_usage_error(
			&dump_program,
			"--json and the archive cannot both go to standard output: use -o FILE");
	if (!options->output)
		return option_usage_error(&dump_program,
					  "no output given: use -o FILE (or -o - for standard output)");
	if (strcmp(options->output, "-") == 0 && isatty(STDOUT_FILENO))
		return option_usage_error(&dump_program,
					  "standard output is a terminal: redirect it, or use -o FILE");
	return 0;
}

int dump_options_parse(struct dump_options *options, int argc, char **argv)
{
	int first_operand;
	int result;

	options->ghost_limit = DUMP_GHOST_LIMIT_DEFAULT;
	options->level = DUMP_LEVEL_DEFAULT;
	options->timeout_seconds = DUMP_TIMEOUT_SECONDS_DEFAULT;
	options->log_level = LOG_LEVEL_NOTICE;
	result = options_parse(&dump_program, argc, argv, options, &first_operand);
	if (result != 0)
		return result;
	result = take_operands(options, argc - first_operand, argv + first_operand);
	if (result < 0)
		return result;
	if (options->log_level == LOG_LEVEL_ERROR && options->progress == PROGRESS_MODE_AUTO)
		options->progress = PROGRESS_MODE_NEVER;
	return check_options(options);
}
