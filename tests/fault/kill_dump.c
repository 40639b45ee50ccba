/* SPDX-License-Identifier: MIT */
/*
 * Ends cr-dump at random moments, over targets that check themselves: none may notice.
 *
 *   kill_dump BUILD_DIR SCRATCH_DIR [PLAN]
 *
 * FAULT_SEED repeats a run's moments, FAULT_KILLS sets how many there are (200), for each of the two main
 * plans.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/fault/fault_command.h"
#include "tests/fault/fault_watch.h"
#include "tests/fault/tap.h"

#define MEASURED_DUMPS 7
#define PATH_SIZE 512

struct plan {
	const char *name;
	const char *shape, *sigtrap; /* words for fault_target */
	int signal;
	unsigned per_cent; /* of FAULT_KILLS */
	bool is_check;     /* cr-dump --check instead of -R */
	bool is_stopped;   /* the target is, by SIGSTOP */
	int status;        /* of an undisturbed dump */
	int storm;         /* a signal that somebody sends to the target all the time */
};

static const struct plan plans[] = {
	{"one thread", "single", "default", SIGKILL, 100, false, false, 0, 0},
	{"thirteen threads", "threads", "default", SIGKILL, 100, false, false, 0, 0},
	{"one thread, SIGTRAP handled", "single", "handled", SIGKILL, 30, false, false, 0, 0},
	{"thirteen threads, SIGTRAP handled", "threads", "handled", SIGKILL, 30, false, false, 0, 0},
	{"thirteen threads, SIGTRAP ignored", "threads", "ignored", SIGKILL, 30, false, false, 0, 0},
	{"thirteen threads, SIGURG open", "open", "default", SIGKILL, 100, false, false, 0, 0},
	{"thirteen threads, a storm of SIGURG", "open", "default", SIGKILL, 100, false, false, 0, SIGURG},
	{"thirteen threads, SIGURG open, SIGTRAP handled", "open", "handled", SIGKILL, 30, false, false, 0,
	 0},
	{"thirteen threads, SIGURG open, SIGTRAP pending", "open", "pending", SIGKILL, 30, false, false, 0,
	 0},
	{"one thread, no vdso", "single no-vdso", "default", SIGKILL, 100, false, false, 0, 0},
	{"thirteen threads, no vdso", "threads no-vdso", "default", SIGKILL, 100, false, false, 0, 0},
	{"thirteen threads, no vdso, SIGURG open", "open no-vdso", "default", SIGKILL, 100, false, false, 0,
	 0},
	{"thirteen threads, no vdso, stopped", "threads no-vdso", "handled", SIGKILL, 50, false, true, 0, 0},
	{"one thread, no address space left", "single tight", "default", SIGKILL, 100, false, false, 0, 0},
	{"thirteen threads, no address space left", "threads tight", "default", SIGKILL, 50, false, false, 0,
	 0},
	{"thirteen threads, no address space left, SIGURG open", "open tight", "default", SIGKILL, 50, false,
	 false, 0, 0},
	{"--check", "threads", "default", SIGKILL, 30, true, false, 0, 0},
	{"SIGTRAP pending", "threads", "pending", SIGKILL, 30, false, false, 0, 0},
	{"stopped, SIGTRAP pending, refused", "threads", "pending", SIGKILL, 15, false, true, 3, 0},
	{"stopped", "threads", "default", SIGKILL, 100, false, true, 0, 0},
	{"SIGINT", "threads", "default", SIGINT, 15, false, false, 0, 0},
	{"SIGTERM", "single", "default", SIGTERM, 15, false, false, 0, 0},
};

struct session {
	const struct plan *plan;
	const char *build, *scratch;
	uint64_t random;
	unsigned kills, killed, finished, failed;
	struct watched target;
	char board[PATH_SIZE], log[PATH_SIZE], folder[PATH_SIZE], archive[PATH_SIZE + 16], program[PATH_SIZE];
	char message[2 * WATCH_MESSAGE_SIZE];
	char *limits; /* as they were */
};

static const char *report(struct session *session, const char *what, const char *detail)
{
	char copy[WATCH_MESSAGE_SIZE]; /* DETAIL may be an earlier message */

	snprintf(copy, sizeof(copy), "%s", detail);
	snprintf(session->message, sizeof(session->message), "%s: %s", what, copy);
	return session->message;
}

/* What else than a whole archive is in the folder; removes that one. */
static const char *leftover(struct session *session, bool may_have_archive)
{
	DIR *folder = opendir(session->folder);
	const char *trouble = NULL;
	struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		if (entry->d_name[0] == '.' && strchr(".", entry->d_name[1]))
			continue;
		if (strcmp(entry->d_name, "..") == 0 ||
		    (may_have_archive && strcmp(entry->d_name, "app.tar.zst") == 0))
			continue;
		trouble = report(session, "is left behind", entry->d_name);
	}
	if (folder)
		closedir(folder);
	unlink(session->archive);
	return trouble;
}

static struct command dump_command(struct session *session, char *argv[], char pid[16])
{
	size_t count = 0;

	snprintf(pid, 16, "%d", (int)session->target.pid);
	argv[count++] = session->program;
	argv[count++] = (char *)"-t";
	argv[count++] = pid;
	if (session->plan->is_check) {
		argv[count++] = (char *)"--check";
	} else {
		argv[count++] = (char *)"-R";
		argv[count++] = (char *)"-o";
		argv[count++] = session->archive;
	}
	argv[count] = NULL;
	return (struct command){.argv = argv, .log = session->log};
}

static int compare_durations(const void *a, const void *b)
{
	int64_t difference = *(const int64_t *)a - *(const int64_t *)b;

	return difference < 0 ? -1 : difference > 0;
}

/* The median; these dumps are undisturbed, and must not even interrupt what may be interrupted. */
static const char *measure(struct session *session, int64_t *ret_duration_us)
{
	uint32_t interruptions = session->target.board->stop_interruptions;
	int64_t durations_us[MEASURED_DUMPS];
	char *argv[8], pid[16];
	struct command command = dump_command(session, argv, pid);

	for (size_t i = 0; i < MEASURED_DUMPS; i++) {
		int status = command_run(&command, &durations_us[i]);
		const char *trouble;

		if (i > 0 && status != 0 && strcmp(session->plan->sigtrap, "handled") == 0 &&
		    strstr(command_said(&command), "SIGTRAP pending"))
			continue;
		if (!WIFEXITED(status) || WEXITSTATUS(status) != session->plan->status)
			return report(session, command_status(status), command_said(&command));
		trouble = watched_harm(&session->target, session->plan->is_stopped);
		if (trouble)
			return report(session, "after an undisturbed dump", trouble);
	}
	if (session->target.board->stop_interruptions != interruptions)
		return report(session, "after undisturbed dumps", "sigtimedwait() was interrupted");
	qsort(durations_us, MEASURED_DUMPS, sizeof(durations_us[0]), compare_durations);
	*ret_duration_us = durations_us[MEASURED_DUMPS / 2];
	return leftover(session, true);
}

/* All threads have gone on by now. */
static const char *changed_limits(struct session *session)
{
	char *limits = watch_read(session->target.pid, "limits");
	bool is_same = limits && session->limits && strcmp(limits, session->limits) == 0;

	free(limits);
	return is_same ? NULL : "its limits are others than before";
}

static const char *harm_of(struct session *session, const char *what, bool may_have_archive)
{
	const char *trouble = watched_harm(&session->target, session->plan->is_stopped);

	if (!trouble)
		trouble = leftover(session, may_have_archive);
	if (!trouble && !session->plan->is_stopped)
		trouble = changed_limits(session);
	return trouble ? report(session, what, trouble) : NULL;
}

/* One dump, and its end after DELAY_US. */
static const char *disturb(struct session *session, int64_t delay_us)
{
	char *argv[8], pid[16], what[128];
	struct command command = dump_command(session, argv, pid);
	bool is_killed, is_done;
	int status;

	command.signal = session->plan->signal;
	command.delay_us = delay_us;
	status = command_run(&command, NULL);
	is_killed = WIFSIGNALED(status) && WTERMSIG(status) == session->plan->signal;
	is_done = WIFEXITED(status) && WEXITSTATUS(status) == session->plan->status;
	session->killed += is_killed;
	session->finished += is_done;
	session->failed += !is_killed && !is_done;
	snprintf(what, sizeof(what), "after %jd us (%s)", (intmax_t)delay_us, command_status(status));

	/* A SIGTRAP that is on its way when the target is frozen is refused, which does no harm. */
	if (WIFEXITED(status) && WEXITSTATUS(status) == 3 && strcmp(session->plan->sigtrap, "handled") == 0 &&
	    strstr(command_said(&command), "SIGTRAP pending"))
		return harm_of(session, what, false);
	/* SIGINT and SIGTERM end it in an orderly way, or, before they are cared for, at once. */
	if (!is_killed && !is_done && (session->plan->signal == SIGKILL || WIFSIGNALED(status)))
		return report(session, what, command_said(&command));
	/* killed at its very end it has put the archive in place */
	return harm_of(session, what, is_done || (is_killed && session->plan->signal == SIGKILL));
}

static bool stop_target(struct session *session)
{
	int64_t deadline_us = watch_now_us() + 2000000;

	kill(session->target.pid, SIGSTOP);
	while (!watched_is_stopped(&session->target)) {
		if (watch_now_us() > deadline_us)
			return false;
		watch_sleep_us(1000);
	}
	return true;
}

/* Until it is killed, or the target is gone. */
static pid_t start_storm(const struct session *session)
{
	const struct timespec pause = {.tv_nsec = 300000};
	pid_t pid = session->plan->storm ? fork() : 0;

	if (pid != 0 || !session->plan->storm)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (kill(session->target.pid, session->plan->storm) == 0)
		nanosleep(&pause, NULL);
	_exit(EXIT_SUCCESS);
}

static void end_storm(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static const char *run_kills(struct session *session)
{
	const char *trouble;
	int64_t duration_us;
	pid_t storm;

	if (session->plan->is_stopped) {
		session->target.board->is_patient = 1;
		if (!stop_target(session))
			return "the target cannot be stopped";
	}
	session->limits = watch_read(session->target.pid, "limits");
	trouble = measure(session, &duration_us);
	storm = start_storm(session);
	for (unsigned i = 0; !trouble && i < session->kills; i++)
		trouble = disturb(session, (int64_t)(random_next(&session->random) %
						     (uint64_t)(duration_us * 13 / 10)));
	end_storm(storm);
	if (trouble)
		return trouble;
	if (session->plan->is_stopped) {
		kill(session->target.pid, SIGCONT);
		trouble = watched_harm(&session->target, false);
		if (trouble)
			return report(session, "after SIGCONT", trouble);
	}
	printf("# %s: a dump takes %jd us; %u were killed, %u had finished, %u ended themselves; "
	       "%u calls were interrupted that may be; the latest wait was %u ms late\n",
	       session->plan->name, (intmax_t)duration_us, session->killed, session->finished,
	       session->failed, session->target.board->stop_interruptions,
	       session->target.board->worst_lateness_ms);
	return NULL;
}

/* One page of all code, be it of the vdso, is all that may have become private. */
static const char *private_code(struct session *session)
{
	char *smaps = watch_read(session->target.pid, "smaps");
	const char *name = "Anonymous:";
	long size_kib = 0;
	bool is_code = false;

	for (const char *line = smaps; line && *line;
	     line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		unsigned long start, end;
		char prot[8];

		if (sscanf(line, "%lx-%lx %7s", &start, &end, prot) == 3)
			is_code = strcmp(prot, "r-xp") == 0;
		else if (is_code && strncmp(line, name, strlen(name)) == 0)
			size_kib += strtol(line + strlen(name), NULL, 10);
	}
	free(smaps);
	return size_kib > 4 ? "more than one page of its code has become private" : NULL;
}

/* Whether an undisturbed dump puts all code of files back that others have left behind. */
static const char *changed_code(struct session *session)
{
	char *maps = watch_read(session->target.pid, "maps"), path[PATH_SIZE], line_path[PATH_SIZE];
	const char *trouble = NULL;
	int memory;

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)session->target.pid);
	memory = open(path, O_RDONLY | O_CLOEXEC);
	for (const char *line = maps; line && *line;
	     line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		unsigned long start, end, offset;
		char page[4096] = {0}, of_file[4096] = {0};
		int file;

		if (sscanf(line, "%lx-%lx r-xp %lx %*s %*s %511[^\n]", &start, &end, &offset, line_path) !=
			    4 ||
		    line_path[0] != '/')
			continue;
		file = open(line_path, O_RDONLY | O_CLOEXEC);
		if (pread(file, of_file, sizeof(of_file), (off_t)(offset + end - start - sizeof(page))) <=
			    0 ||
		    pread(memory, page, sizeof(page), (off_t)(end - sizeof(page))) != sizeof(page))
			trouble = "its code cannot be read";
		else if (memcmp(page, of_file, sizeof(page)) != 0)
			trouble = report(session, "its code is not that of the file", line_path);
		close(file);
	}
	close(memory);
	free(maps);
	return trouble;
}

static bool run_plan(const char *build, const char *scratch, const struct plan *plan, uint64_t seed,
		     unsigned kills)
{
	struct session session = {.plan = plan, .build = build, .scratch = scratch, .random = seed};
	char target[PATH_SIZE], name[128];
	const char *trouble;
	int64_t duration_us;

	session.kills = MAX(1, kills * plan->per_cent / 100);
	snprintf(session.program, PATH_SIZE, "%s/cr-dump", build);
	snprintf(target, sizeof(target), "%s/tests/fault/fault_target", build);
	snprintf(session.board, PATH_SIZE, "%s/board", scratch);
	snprintf(session.log, PATH_SIZE, "%s/log", scratch);
	snprintf(session.folder, PATH_SIZE, "%s/out", scratch);
	snprintf(session.archive, sizeof(session.archive), "%s/app.tar.zst", session.folder);
	snprintf(name, sizeof(name), "kill cr-dump: %s, %u times", plan->name, session.kills);
	trouble = watched_start(&session.target, target, session.board, plan->shape, plan->sigtrap)
			  ? run_kills(&session)
			  : session.target.message;
	if (!trouble)
		trouble = private_code(&session);
	if (!trouble && !plan->is_stopped)
		trouble = measure(&session, &duration_us);
	if (!trouble && !plan->is_stopped)
		trouble = changed_code(&session);
	tap_result(name, trouble);
	watched_done(&session.target);
	free(session.limits);
	return trouble == NULL;
}

int main(int argc, char **argv)
{
	const char *given = getenv("FAULT_KILLS");
	unsigned kills = given ? (unsigned)strtoul(given, NULL, 10) : 200;
	uint64_t seed = random_seed();
	bool is_well = true;

	if (argc < 3) {
		fprintf(stderr, "usage: kill_dump BUILD_DIR SCRATCH_DIR [PLAN]\n");
		return 2;
	}
	printf("# kill_dump: FAULT_SEED=%ju\n", (uintmax_t)seed);
	for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++)
		if (argc < 4 || strcmp(argv[3], plans[i].name) == 0)
			is_well = run_plan(argv[1], argv[2], &plans[i], seed, kills) && is_well;
	return is_well ? EXIT_SUCCESS : EXIT_FAILURE;
}
