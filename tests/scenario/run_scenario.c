/* SPDX-License-Identifier: MIT */
/* Runs one program, dumps and restores it as the mode says, and tells whether it noticed. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "runner.h"
#include "scratch.h"

#define DEFAULT_TIMEOUT_S 30
/* Not 0, so that an exit status that gets lost on the way is seen. */
#define PASS_STATUS 37

enum {
	OPTION_DUMP = 256,
	OPTION_RESTORE,
	OPTION_DUMP_OPTION,
	OPTION_RESTORE_OPTION,
	OPTION_PID_NAMESPACE,
	OPTION_NO_PID_NAMESPACE,
	OPTION_NETWORK_NAMESPACE,
	OPTION_NAMESPACES,
	OPTION_NO_COMPARE,
};

static const struct option options[] = {
	{"mode", required_argument, NULL, 'm'},
	{"dump", required_argument, NULL, OPTION_DUMP},
	{"restore", required_argument, NULL, OPTION_RESTORE},
	{"dump-option", required_argument, NULL, OPTION_DUMP_OPTION},
	{"restore-option", required_argument, NULL, OPTION_RESTORE_OPTION},
	{"user", required_argument, NULL, 'u'},
	{"stopped", no_argument, NULL, 's'},
	{"settle", required_argument, NULL, 'S'},
	{"timeout", required_argument, NULL, 'T'},
	{"keep", no_argument, NULL, 'k'},
	{"verbose", no_argument, NULL, 'v'},
	{"no-compare", no_argument, NULL, OPTION_NO_COMPARE},
	{"pid-namespace", no_argument, NULL, OPTION_PID_NAMESPACE},
	{"no-pid-namespace", no_argument, NULL, OPTION_NO_PID_NAMESPACE},
	{"network-namespace", no_argument, NULL, OPTION_NETWORK_NAMESPACE},
	{"namespaces", no_argument, NULL, OPTION_NAMESPACES},
	{"help", no_argument, NULL, 'h'},
	{0},
};

static void print_usage(void)
{
	puts("usage: run_scenario [OPTION]... PROGRAM [ARGUMENT]...\n"
	     "Exit status: 0 passed, 1 failed, 2 usage, 77 skipped.\n\n"
	     "  -m, --mode MODE        what to do at each checkpoint (kill):");
	mode_list();
	puts("  --dump PATH            cr-dump (two directories above this program)\n"
	     "  --restore PATH         cr-restore (likewise)\n"
	     "  --dump-option X        one more argument for cr-dump; may be repeated\n"
	     "  --restore-option X     one more argument for cr-restore; may be repeated\n"
	     "  -u, --user UID[:GID]   run the program as this user and group\n"
	     "  -s, --stopped          the program stops itself at its checkpoints\n"
	     "  -S, --settle MS        the program knows nothing of this: checkpoint after MS, status 0 is "
	     "success\n"
	     "  -T, --timeout SECONDS  for the whole run (30)\n"
	     "  -k, --keep             keep the working directory and say where it is\n"
	     "  -v, --verbose          print the messages of the tools in any case\n"
	     "  --no-compare           do not compare /proc/PID before and after\n"
	     "  --[no-]pid-namespace   run everything in a pid namespace of its own (default when root)\n"
	     "  --network-namespace    and in a network namespace of its own, with nothing but loopback; "
	     "needs "
	     "root\n"
	     "  --namespaces           everything in new namespaces (mount, pid, net, ipc, and time with "
	     "other "
	     "clocks),\n"
	     "                         the program as a daemon that gives up root by itself for --user; "
	     "needs "
	     "root");
}

static void parse_user(struct run *run, const char *text)
{
	char *end;

	run->user = run->group = strtol(text, &end, 10);
	if (*end == ':')
		run->group = strtol(end + 1, NULL, 10);
}

static int parse_options(struct run *run, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "+m:u:sS:T:kvh", options, NULL)) >= 0) {
		switch (option) {
		case 'm':
			run->mode = optarg;
			break;
		case 'u':
			parse_user(run, optarg);
			break;
		case 's':
			run->is_stopped = true;
			break;
		case 'S':
			run->settle_ms = (unsigned int)strtoul(optarg, NULL, 10);
			break;
		case 'T':
			run->timeout_ms = (unsigned int)strtoul(optarg, NULL, 10) * 1000;
			break;
		case 'k':
			run->keep = true;
			break;
		case 'v':
			run->verbose = true;
			break;
		case OPTION_DUMP:
			run->dump = optarg;
			break;
		case OPTION_RESTORE:
			run->restore = optarg;
			break;
		case OPTION_DUMP_OPTION:
			if (run->dump_options_count < OPTION_LIMIT)
				run->dump_options[run->dump_options_count++] = optarg;
			break;
		case OPTION_RESTORE_OPTION:
			if (run->restore_options_count < OPTION_LIMIT)
				run->restore_options[run->restore_options_count++] = optarg;
			break;
		case OPTION_PID_NAMESPACE:
		case OPTION_NO_PID_NAMESPACE:
			run->use_pid_namespace = option == OPTION_PID_NAMESPACE;
			break;
		case OPTION_NETWORK_NAMESPACE:
			run->use_network_namespace = true;
			break;
		case OPTION_NAMESPACES:
			run->use_namespaces = true;
			break;
		case OPTION_NO_COMPARE:
			run->no_compare = true;
			break;
		case 'h':
			print_usage();
			exit(0);
		default:
			return -EINVAL;
		}
	}
	run->argv = argv + optind;
	return run->argv[0] && mode_exists(run->mode) ? 0 : -EINVAL;
}

/* The tools lie in the build directory, of which this program is in tests/scenario/. */
static int find_tools(struct run *run, char *dump, char *restore)
{
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (length < 0)
		return -errno;
	self[length] = '\0';
	for (unsigned int i = 0; i < 3 && strrchr(self, '/'); i++)
		*strrchr(self, '/') = '\0';
	snprintf(dump, PATH_MAX + 16, "%s/cr-dump", self);
	snprintf(restore, PATH_MAX + 16, "%s/cr-restore", self);
	run->dump = run->dump ?: dump;
	run->restore = run->restore ?: restore;
	return 0;
}

/* Ours alone, but open to the program's user, on a file system that is there after a restart. */
static int make_workplace(struct run *run)
{
	snprintf(run->work, sizeof(run->work), "%.200s/cr-scenario.XXXXXX", getenv("TMPDIR") ?: "/var/tmp");
	if (!mkdtemp(run->work) || chmod(run->work, 0755) < 0)
		return -errno;
	snprintf(run->scratch, sizeof(run->scratch), "%s/scratch", run->work);
	snprintf(run->saved, sizeof(run->saved), "%s/saved", run->work);
	snprintf(run->archive, sizeof(run->archive), "%s/app.tar.zst", run->work);
	snprintf(run->pidfile, sizeof(run->pidfile), "%s/pid", run->work);
	snprintf(run->tool_log, sizeof(run->tool_log), "%s/tools.log", run->work);
	if (mkdir(run->scratch, 0777) < 0 || chmod(run->scratch, 0777) < 0)
		return -errno;
	return 0;
}

/* A copy of the program for another user, who may not be let into the directory that it is in. */
static int copy_program(struct run *run, char **program)
{
	cleanup_free char *copy = string_format("%s/%s", run->work, strrchr(*program, '/') + 1);
	cleanup_close int from = open(*program, O_RDONLY | O_CLOEXEC);
	cleanup_close int to = copy ? open(copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700) : -EBADF;
	ssize_t count;

	if (from < 0 || to < 0)
		return -errno;
	while ((count = sendfile(to, from, NULL, 1 << 20)) > 0)
		;
	if (count < 0 || fchmod(to, 0755) < 0)
		return -errno;
	free(*program);
	*program = take_ptr(copy);
	run->argv[0] = *program;
	return 0;
}

int run_once(struct run *run)
{
	int result;

	if (!run->settle_ms) {
		cleanup_free char *status = string_format("%d", PASS_STATUS);

		run->expected_status = PASS_STATUS;
		if (!status || setenv("SCENARIO_PASS_STATUS", status, 1) < 0)
			return run_failed("out of memory");
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	run->deadline_ms = now_ms() + run->timeout_ms;
	result = mode_run(run);
	program_kill(run);
	if (result == RUN_FAILED || run->verbose)
		tool_print_log(run);
	return result;
}

int main(int argc, char **argv)
{
	char dump[PATH_MAX + 16], restore[PATH_MAX + 16];
	struct run run = {
		.mode = "kill",
		.user = -1,
		.group = -1,
		.pidfd = -EBADF,
		.timeout_ms = DEFAULT_TIMEOUT_S * 1000,
		.use_pid_namespace = geteuid() == 0,
	};
	cleanup_free char *program = NULL;
	int r, result;

	if (parse_options(&run, argc, argv) < 0) {
		fputs("run_scenario: a known --mode and a program are needed; see --help\n", stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	program = strchr(run.argv[0], '/') ? realpath(run.argv[0], NULL) : strdup(run.argv[0]);
	if (!program)
		return run_failed("%s: %s", run.argv[0], strerror(errno));
	run.argv[0] = program;
	r = find_tools(&run, dump, restore);
	if (r == 0)
		r = make_workplace(&run);
	if (r == 0 && run.user >= 0 && !run.use_namespaces && strchr(program, '/'))
		r = copy_program(&run, &program);
	if (r < 0)
		return run_failed("cannot make a working directory: %s", strerror(-r));
	result = environment_run(&run);
	if (run.keep)
		run_note("kept: %s", run.work);
	else if ((r = scratch_remove(run.work)) < 0)
		run_note("cannot remove %s: %s", run.work, strerror(-r));
	return result;
}
