/* SPDX-License-Identifier: MIT */
/* The command line of cr-restore. */
#include "restorer/options.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/netlink/packet_lock.h"
#include "common/options.h"

static const struct option_choice validation_choices[] = {
	{"strict", FILE_VALIDATION_STRICT},
	{"size", FILE_VALIDATION_SIZE},
	{"off", FILE_VALIDATION_OFF},
	{NULL, 0},
};

static const struct option_choice cgroup_choices[] = {
	{"soft", CGROUP_MODE_SOFT},
	{"strict", CGROUP_MODE_STRICT},
	{"none", CGROUP_MODE_NONE},
	{NULL, 0},
};

/* Which they were stands in the archive. */
static int set_ext_unix_sk(const struct option_program *program, const struct option_spec *spec maybe_unused,
			   const char *argument, void *member)
{
	struct restore_options *options = member;

	if (argument && argument[strspn(argument, "0123456789,")] != '\0')
		return option_usage_error(
			program, "--ext-unix-sk takes inodes with commas between them, not '%s'", argument);
	options->has_ext_unix_sk = true;
	return 0;
}

static int set_inherit_fd(const struct option_program *program, const struct option_spec *spec maybe_unused,
			  const char *argument, void *member)
{
	struct restore_options *options = member;
	struct given_fd given = {0};
	int length = 0;

	if (sscanf(argument, "fd[%9d]:%n", &given.fd, &length) != 1 || length == 0 || !argument[length] ||
	    argument[3] < '0' || argument[3] > '9')
		return option_usage_error(program, "--inherit-fd takes fd[N]: and what is to be it, not '%s'",
					  argument);
	if (options->given_fds_count == OPTION_LIST_MAX)
		return option_usage_error(program, "--inherit-fd is given more than %d times",
					  OPTION_LIST_MAX);
	if (fcntl(given.fd, F_GETFD) < 0)
		return option_usage_error(program, "--inherit-fd=%s: descriptor %d is not open", argument,
					  given.fd);
	given.name = argument + length;
	given.has_key = external_key_parse(given.name, &given.key) == 0;
	options->given_fds[options->given_fds_count++] = given;
	return 0;
}

static const struct option_spec restore_option_table[] = {
	OPTION_HEADING("What to restore, and how it runs"),
	OPTION_STRING('i', "input", "FILE", struct restore_options, input,
		      "the archive to read; '-' is standard input"),
	OPTION_FLAG('d', "detach", struct restore_options, is_detached,
		    "return when the program runs, instead of waiting\n"
		    "for its end"),
	OPTION_STRING('\0', "pidfile", "FILE", struct restore_options, pidfile,
		      "write the program's process id to FILE"),
	OPTION_FLAG('j', "shell-job", struct restore_options, is_shell_job,
		    "put a program that was dumped with --shell-job into\n"
		    "the session of this shell"),
	OPTION_FLAG('l', "file-locks", struct restore_options, has_file_locks,
		    "take the file locks and leases of a program that was\n"
		    "dumped with --file-locks"),
	OPTION_CHOICE('\0', "file-validation", "HOW", struct restore_options, file_validation,
		      validation_choices,
		      "compare sizes and builds of files with those at the\n"
		      "dump: strict (the default), size (not builds) or off"),
	OPTION_CHOICE('\0', "manage-cgroups", "HOW", struct restore_options, cgroup_mode, cgroup_choices,
		      "put it into the cgroups that it was in: soft (the\n"
		      "default: missing ones are made), strict (they must\n"
		      "be there) or none (it stays in those of cr-restore)"),
	OPTION_FLAG('\0', "new-pid-ns", struct restore_options, has_new_pid_ns,
		    "restore into a new pid namespace, where all process\n"
		    "ids are free"),
	OPTION_WHOLE('x', "ext-unix-sk", "[INODE,...]", set_ext_unix_sk,
		     "connect again to the servers outside, such as\n"
		     "/dev/log, that the program was connected to"),
	OPTION_WHOLE('\0', "inherit-fd", "WHAT", set_inherit_fd,
		     "fd[N]:KEY, use descriptor N of cr-restore for the\n"
		     "open file KEY, as --inspect shows it: unix[INODE] ...;\n"
		     "or a path without its first slash"),
	OPTION_CHOICE('\0', "stdio", "HOW", struct restore_options, standard_fds, standard_fds_choices,
		      "inherit: standard input, output and error that\n"
		      "led outside become those of cr-restore"),
	OPTION_FLAG('\0', "tcp-established", struct restore_options, has_tcp_established,
		    "let TCP connections go on"),
	OPTION_FLAG('\0', "tcp-close", struct restore_options, has_tcp_close,
		    "let the program find its TCP connections closed"),
	OPTION_FLAG('\0', "skip-in-flight", struct restore_options, is_in_flight_skipped,
		    "leave out what was under way in its sockets"),
	OPTION_UNSIGNED('\0', "threads", "N", struct restore_options, thread_count, 0, RESTORE_THREADS_MAX,
			"decompress on N threads, at most 64; default 0, one\n"
			"for each processor"),

	OPTION_HEADING("Instead of restoring (nothing is created)"),
	OPTION_VALUE('\0', "check", struct restore_options, mode, RESTORE_MODE_CHECK,
		     "list everything that would stop a restore here"),
	OPTION_VALUE('\0', "inspect", struct restore_options, mode, RESTORE_MODE_INSPECT,
		     "show what was dumped, where and when"),
	OPTION_FLAG('\0', "json", struct restore_options, is_json, "with --inspect: as JSON, for programs"),
	OPTION_VALUE('\0', "list", struct restore_options, mode, RESTORE_MODE_LIST,
		     "list the members of the archive"),
	OPTION_VALUE('\0', "verify", struct restore_options, mode, RESTORE_MODE_VERIFY,
		     "read and check the whole archive"),

	OPTION_HEADING("Connections whose packets are held back on this host, and no archive"),
	OPTION_VALUE('\0', "list-locks", struct restore_options, mode, RESTORE_MODE_LIST_LOCKS,
		     "list what cr-dump has left to hold back packets"),
	OPTION_STRING('\0', "remove-lock", "NAME", struct restore_options, removed_lock,
		      "give up: the other sides see a reset"),

	OPTION_HEADING("Messages"),
	OPTION_VERBOSE(struct restore_options, log_level),
	OPTION_QUIET(struct restore_options, log_level),
	OPTION_CHOICE('\0', "progress", "WHEN", struct restore_options, progress, progress_choices,
		      "show how far it has come: auto, always or never"),
	OPTION_HELP,
	OPTION_VERSION,
};

static const struct option_program restore_program = {
	.name = "cr-restore",
	.synopsis = "[OPTION]... -i FILE\n"
		    "--check|--inspect|--list|--verify [OPTION]... -i FILE\n"
		    "--list-locks|--remove-lock=NAME [OPTION]...",
	.purpose = "Brings a program that cr-dump has saved back to where it was.",
	.options = restore_option_table,
	.option_count = ARRAY_SIZE(restore_option_table),
};

static int check_options(const struct restore_options *options)
{
	bool is_about_locks = options->removed_lock || options->mode == RESTORE_MODE_LIST_LOCKS;

	if (is_about_locks &&
	    (options->input || (options->removed_lock && options->mode != RESTORE_MODE_RESTORE)))
		return option_usage_error(
			&restore_program,
			"--list-locks and --remove-lock go with no archive and no other mode");
	if (options->removed_lock && !packet_lock_is_name(options->removed_lock))
		return option_usage_error(&restore_program, "'%s' is no name that --list-locks shows",
					  options->removed_lock);
	if (is_about_locks)
		return 0;
	if (!options->input)
		return option_usage_error(&restore_program,
					  "no archive given: use -i FILE (or -i - for standard input)");
	if (strcmp(options->input, "-") == 0 && isatty(STDIN_FILENO))
		return option_usage_error(&restore_program,
					  "standard input is a terminal: redirect it, or use -i FILE");
	if (options->is_json && options->mode != RESTORE_MODE_INSPECT)
		return option_usage_error(&restore_program, "--json goes with --inspect only");
	if (options->has_new_pid_ns && options->mode != RESTORE_MODE_RESTORE &&
	    options->mode != RESTORE_MODE_CHECK)
		return option_usage_error(&restore_program,
					  "--new-pid-ns goes with a restore or --check only");
	if (options->mode == RESTORE_MODE_RESTORE)
		return 0;
	if (options->is_detached)
		return option_usage_error(&restore_program,
					  "--detach needs a restore: nothing is started here");
	if (options->pidfile)
		return option_usage_error(&restore_program,
					  "--pidfile needs a restore: nothing is started here");
	return 0;
}

int restore_options_parse(struct restore_options *options, int argc, char **argv)
{
	int first_operand;
	int result;

	options->log_level = LOG_LEVEL_NOTICE;
	result = options_parse(&restore_program, argc, argv, options, &first_operand);
	if (result != 0)
		return result;
	if (first_operand < argc)
		return option_usage_error(&restore_program, "unexpected argument '%s': use -i FILE",
					  argv[first_operand]);
	if (options->log_level == LOG_LEVEL_ERROR && options->progress == PROGRESS_MODE_AUTO)
		options->progress = PROGRESS_MODE_NEVER;
	return check_options(options);
}
