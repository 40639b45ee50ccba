/* SPDX-License-Identifier: MIT */
/* The modes: what is done to the program at each of its checkpoints, and what must be true then. */
#include "runner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "scratch.h"
#include "snapshot.h"

#define SETTLE_TIMEOUT_MS 2000
#define SETTLE_POLL_MS 20
#define LATE_REAPER_MS 700
#define ARGUMENT_LIMIT (2 * OPTION_LIMIT)

struct mode {
	const char *name;
	int (*at_checkpoint)(struct run *run);
	const char *what;
};

struct arguments {
	const char *values[ARGUMENT_LIMIT];
	size_t count;
};

static void add_argument(struct arguments *arguments, const char *value)
{
	if (arguments->count < ARGUMENT_LIMIT - 1)
		arguments->values[arguments->count++] = value;
}

static void add_options(struct arguments *arguments, const char *const *options)
{
	for (; *options; options++)
		add_argument(arguments, *options);
}

/* Nothing if nobody compares: of a process that changes all the time no snapshot can be had. */
static int take(const struct run *run, struct snapshot **ret_snapshot)
{
	int r = run->no_compare ? 0 : snapshot_take(run->pid, ret_snapshot);

	return r < 0 ? run_failed("cannot look at process %d: %s", (int)run->pid, strerror(-r)) : RUN_PASSED;
}

/*
 * A thread that had no processor yet has not gone back into the call that it waited in, and that shows:
 * sigsuspend(2) has a signal mask of its own. So it is how the process comes to rest that counts.
 */
static int compare(const struct run *run, const struct snapshot *before, const char *when)
{
	int64_t end = now_ms() + SETTLE_TIMEOUT_MS;
	unsigned int count;

	if (run->no_compare)
		return RUN_PASSED;
	for (;;) {
		cleanup_(snapshot_freep) struct snapshot *after = NULL;
		bool is_late = now_ms() > end;

		if (take(run, &after) != RUN_PASSED)
			return RUN_FAILED;
		count = snapshot_compare(before, after, is_late ? stdout : NULL, "  ");
		if (count == 0)
			return RUN_PASSED;
		if (is_late)
			return run_failed("the process is not the same %s (%u lines, above)", when, count);
		poll(NULL, 0, SETTLE_POLL_MS);
	}
}

static int dump(struct run *run, bool is_stream, bool leave_running)
{
	cleanup_free char *pid = string_format("%d", (int)run->pid);
	struct arguments arguments = {0};
	int status;

	add_argument(&arguments, run->dump);
	add_argument(&arguments, "-t");
	add_argument(&arguments, pid);
	add_argument(&arguments, "-o");
	add_argument(&arguments, is_stream ? "-" : run->archive);
	if (leave_running)
		add_argument(&arguments, "-R");
	add_options(&arguments, run->dump_options);
	status = tool_run(run, arguments.values, NULL, is_stream ? run->archive : NULL);
	if (status == 0)
		return RUN_PASSED;
	if (status > 0)
		run_failed("cr-dump ended with status %d", status);
	return RUN_FAILED;
}

/* Collects the program, which cr-dump has ended. */
static int reap_killed(struct run *run)
{
	if (program_reap(run, MIN(remaining_ms(run), 5000)) != RUN_PASSED)
		return run_failed("the program is still there after the dump");
	if (run->exit_code != CLD_KILLED || run->exit_status != SIGKILL)
		return run_failed("after the dump the program ended by itself: %s %d",
				  run->exit_code == CLD_EXITED ? "status" : "signal", run->exit_status);
	return RUN_PASSED;
}

/* Dumps and sees to it that the program is gone. *ret_before may be NULL if nobody compares. */
static int dump_and_kill(struct run *run, bool is_stream, struct snapshot **ret_before)
{
	struct stat status;

	if ((ret_before && take(run, ret_before) != RUN_PASSED) || dump(run, is_stream, false) != RUN_PASSED)
		return RUN_FAILED;
	if (stat(run->archive, &status) < 0 || status.st_size == 0)
		return run_failed("cr-dump left no archive");
	if ((status.st_mode & 0777) != 0600 && !is_stream)
		return run_failed("the archive has mode %o", (unsigned int)status.st_mode & 0777);
	if (reap_killed(run) != RUN_PASSED)
		return RUN_FAILED;
	return program_wait_alone(run, MIN(remaining_ms(run), 5000));
}

static int check_pidfile(const struct run *run)
{
	cleanup_free char *text = NULL;
	int r = file_read_at(AT_FDCWD, run->pidfile, 4096, &text, NULL);

	if (r < 0)
		return run_failed("cr-restore left no pidfile: %s", strerror(-r));
	if (strtol(text, NULL, 10) != run->pid)
		return run_failed("the pidfile says '%s' instead of %d", text, (int)run->pid);
	return RUN_PASSED;
}

static void restore_arguments(const struct run *run, bool is_stream, struct arguments *arguments)
{
	unlink(run->pidfile);
	add_argument(arguments, run->restore);
	add_argument(arguments, "-i");
	add_argument(arguments, is_stream ? "-" : run->archive);
	add_argument(arguments, "-d");
	add_argument(arguments, "--pidfile");
	add_argument(arguments, run->pidfile);
	add_options(arguments, run->restore_options);
}

/* STATUS is that of cr-restore, or negative. */
static int check_restored(struct run *run, int status, const struct snapshot *before)
{
	if (status > 0)
		run_failed("cr-restore ended with status %d", status);
	if (status != 0 || check_pidfile(run) != RUN_PASSED || program_adopt(run) != RUN_PASSED)
		return RUN_FAILED;
	if (run->is_stopped && program_wait_stopped(run) != RUN_PASSED)
		return RUN_FAILED;
	return compare(run, before, "after the restore");
}

static int restore(struct run *run, bool is_stream, const struct snapshot *before)
{
	struct arguments arguments = {0};

	restore_arguments(run, is_stream, &arguments);
	return check_restored(run, tool_run(run, arguments.values, is_stream ? run->archive : NULL, NULL),
			      before);
}

static int cycle(struct run *run, bool is_stream)
{
	cleanup_(snapshot_freep) struct snapshot *before = NULL;

	if (dump_and_kill(run, is_stream, &before) != RUN_PASSED)
		return RUN_FAILED;
	return restore(run, is_stream, before);
}

static int at_none(struct run *run)
{
	(void)run;
	return RUN_PASSED;
}

/* No comparison: a blocked SIGCONT stays pending. */
static int at_stop(struct run *run)
{
	if (run->is_stopped)
		return RUN_PASSED;
	if (kill(run->pid, SIGSTOP) < 0 || program_wait_stopped(run) != RUN_PASSED)
		return run_failed("cannot stop the program");
	poll(NULL, 0, 50);
	return kill(run->pid, SIGCONT) < 0 ? run_failed("cannot continue the program") : RUN_PASSED;
}

static int at_kill(struct run *run)
{
	return cycle(run, false);
}

static int at_twice(struct run *run)
{
	return cycle(run, false) == RUN_PASSED ? cycle(run, false) : RUN_FAILED;
}

/* Who inherits orphans, and collects them, may take his time; until then they keep their ids. */
static int at_late_reaper(struct run *run)
{
	cleanup_(snapshot_freep) struct snapshot *before = NULL;
	struct arguments arguments = {0};
	pid_t tool;

	if (take(run, &before) != RUN_PASSED || dump(run, false, false) != RUN_PASSED)
		return RUN_FAILED;
	restore_arguments(run, false, &arguments);
	tool = tool_start(run, arguments.values, -1, -1);
	if (tool < 0)
		return run_failed("cannot start cr-restore: %s", strerror(-tool));
	poll(NULL, 0, LATE_REAPER_MS);
	if (reap_killed(run) != RUN_PASSED)
		return RUN_FAILED;
	return check_restored(run, tool_wait(run, tool, run->restore), before);
}

static int at_stream(struct run *run)
{
	return cycle(run, true);
}

static int at_leave_running(struct run *run)
{
	const char *const verify[] = {run->restore, "-i", run->archive, "--verify", NULL};
	cleanup_(snapshot_freep) struct snapshot *before = NULL;
	int status;

	if (take(run, &before) != RUN_PASSED || dump(run, false, true) != RUN_PASSED ||
	    compare(run, before, "after the dump") != RUN_PASSED)
		return RUN_FAILED;
	status = tool_run(run, verify, NULL, NULL);
	return status == 0 ? RUN_PASSED : run_failed("cr-restore --verify ended with status %d", status);
}

/* The verdict of a program that has ended; nothing that belonged to it may be left. */
static int judge(const struct run *run)
{
	int result = program_verdict(run);

	return result == RUN_PASSED ? program_wait_alone(run, MIN(remaining_ms(run), 2000)) : result;
}

/* Lets a restored program go to its end, its further checkpoints included. */
static int run_to_end(struct run *run)
{
	bool is_ready = true;

	while (is_ready) {
		if (program_release(run) != RUN_PASSED || program_wait_event(run, &is_ready) != RUN_PASSED)
			return RUN_FAILED;
		if (is_ready && run->is_stopped && program_wait_stopped(run) != RUN_PASSED)
			return RUN_FAILED;
	}
	return judge(run);
}

static int at_restore_twice(struct run *run)
{
	cleanup_(snapshot_freep) struct snapshot *before = NULL;
	int r;

	if (run->checkpoint_number > 1)
		return RUN_PASSED;
	if (dump_and_kill(run, false, &before) != RUN_PASSED)
		return RUN_FAILED;
	r = scratch_copy(run->scratch, run->saved);
	if (r < 0)
		return run_failed("cannot save the scratch directory: %s", strerror(-r));
	if (restore(run, false, before) != RUN_PASSED || run_to_end(run) != RUN_PASSED)
		return run_failed("the first restore failed");
	r = scratch_copy(run->saved, run->scratch);
	if (r < 0)
		return run_failed("cannot put the scratch directory back: %s", strerror(-r));
	run->checkpoint_number = 1;
	return restore(run, false, before) == RUN_PASSED ? RUN_PASSED
							 : run_failed("the second restore failed");
}

static int at_foreground(struct run *run)
{
	struct arguments arguments = {0};
	pid_t pid;

	if (run->foreground_pid)
		return RUN_PASSED;
	if (dump_and_kill(run, false, NULL) != RUN_PASSED)
		return RUN_FAILED;
	add_argument(&arguments, run->restore);
	add_argument(&arguments, "-i");
	add_argument(&arguments, run->archive);
	add_options(&arguments, run->restore_options);
	pid = tool_start(run, arguments.values, -1, -1);
	if (pid < 0)
		return run_failed("cannot start cr-restore: %s", strerror(-pid));
	run->foreground_pid = pid;
	close_fd(&run->pidfd);
	run->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	run->has_exited = false;
	/* A stopping program can only be continued once it is there. */
	return run->is_stopped ? program_wait_stopped(run) : RUN_PASSED;
}

static const struct mode modes[] = {
	{"none", at_none, "no checkpoint: the program alone"},
	{"stop", at_stop, "SIGSTOP and SIGCONT"},
	{"kill", at_kill, "dump, restore"},
	{"leave-running", at_leave_running, "dump -R, verify the archive, the program goes on"},
	{"twice", at_twice, "dump, restore, dump, restore"},
	{"restore-twice", at_restore_twice, "dump, restore, run to the end, restore again"},
	{"late-reaper", at_late_reaper, "dump, restore while the program is still a zombie"},
	{"stream", at_stream, "dump -o - | cat, cat | restore -i -"},
	{"foreground", at_foreground, "dump, restore without -d: exits with the program's status"},
};

static const struct mode *find_mode(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (strcmp(modes[i].name, name) == 0)
			return &modes[i];
	return NULL;
}

bool mode_exists(const char *name)
{
	return find_mode(name);
}

void mode_list(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		printf("  %-14s %s\n", modes[i].name, modes[i].what);
}

int mode_run(struct run *run)
{
	const struct mode *mode = find_mode(run->mode);
	bool is_ready;

	if (program_start(run) != RUN_PASSED)
		return RUN_FAILED;
	for (;;) {
		if (program_wait_event(run, &is_ready) != RUN_PASSED)
			return RUN_FAILED;
		if (!is_ready)
			return judge(run);
		if (run->is_stopped && program_wait_stopped(run) != RUN_PASSED)
			return RUN_FAILED;
		if (mode->at_checkpoint(run) != RUN_PASSED || program_release(run) != RUN_PASSED)
			return RUN_FAILED;
	}
}
