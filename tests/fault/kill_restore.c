/* SPDX-License-Identifier: MIT */
/*
 * Ends cr-restore at random moments: afterwards the whole program runs, or nothing of it is left.
 *
 *   kill_restore BUILD_DIR SCRATCH_DIR
 *
 * FAULT_SEED repeats a run's moments, FAULT_KILLS sets how many there are (100). Everything happens in a pid
 * namespace of its own, in which the program's numbers are free and this is the process that orphans are
 * given to.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fault/fault_command.h"
#include "tests/fault/fault_watch.h"
#include "tests/fault/tap.h"

#define MEASURED_RESTORES 5
#define KILLS_BETWEEN_NORMAL_RESTORES 20
#define PATIENCE_US 2000000
#define PATH_SIZE 512
#define DATA_SIZE_MAX 65536

struct session {
	struct watched target;
	pid_t pid; /* the program's */
	uint64_t random;
	unsigned killed, finished, survived, vanished;
	char dump[PATH_SIZE], restore[PATH_SIZE], program[PATH_SIZE];
	char board[PATH_SIZE], data[PATH_SIZE], log[PATH_SIZE], archive[PATH_SIZE];
	char file[DATA_SIZE_MAX]; /* what was in the program's file when it was dumped */
	size_t file_size;
	char message[2 * WATCH_MESSAGE_SIZE];
};

static const char *report(struct session *session, const char *what, const char *detail)
{
	char detail_copy[WATCH_MESSAGE_SIZE];

	snprintf(detail_copy, sizeof(detail_copy), "%s", detail);
	snprintf(session->message, sizeof(session->message), "%s: %s", what, detail_copy);
	return session->message;
}

static void reap_orphans(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		continue;
}

/* A process other than this one, or 0. */
static pid_t any_process(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	pid_t found = 0;

	while (proc && (entry = readdir(proc)))
		if (isdigit((unsigned char)entry->d_name[0]) && atoi(entry->d_name) != getpid())
			found = atoi(entry->d_name);
	if (proc)
		closedir(proc);
	return found;
}

/* The program's own file goes back to what it was: its contents are no part of an archive. */
static bool put_file_back(const struct session *session)
{
	int fd = open(session->data, O_WRONLY | O_CLOEXEC);
	bool is_well =
		fd >= 0 && pwrite(fd, session->file, session->file_size, 0) == (ssize_t)session->file_size;

	if (fd >= 0)
		close(fd);
	return is_well;
}

static bool keep_file(struct session *session)
{
	int fd = open(session->data, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, session->file, sizeof(session->file));

	if (fd >= 0)
		close(fd);
	session->file_size = size > 0 ? (size_t)size : 0;
	return size > 0;
}

static const char *end_program(struct session *session)
{
	int64_t deadline_us = watch_now_us() + PATIENCE_US;

	kill(session->pid, SIGKILL);
	while (reap_orphans(), any_process())
		if (watch_now_us() > deadline_us)
			return "the program does not end";
		else
			watch_sleep_us(500);
	return NULL;
}

static struct command restore_command(struct session *session, char *argv[5])
{
	argv[0] = session->restore;
	argv[1] = (char *)"-d";
	argv[2] = (char *)"-i";
	argv[3] = session->archive;
	argv[4] = NULL;
	return (struct command){.argv = argv, .log = session->log};
}

static const char *restore_normally(struct session *session, int64_t *ret_duration_us)
{
	char *argv[5];
	struct command command = restore_command(session, argv);
	const char *trouble;
	int status;

	if (!put_file_back(session))
		return "cannot put its file back";
	status = command_run(&command, ret_duration_us);
	if (status != 0)
		return report(session, command_status(status), command_said(&command));
	session->target.pid = session->pid;
	trouble = watched_harm(&session->target, false);
	if (trouble)
		return report(session, "after an undisturbed restore", trouble);
	return end_program(session);
}

/* Either nothing, or all of it; which may take a moment to become clear. */
static const char *settle(struct session *session, bool must_run)
{
	int64_t deadline_us = watch_now_us() + PATIENCE_US;
	const char *trouble;

	/* What dies does so at once; what lives on is still here then. */
	for (int64_t now_us = 0; now_us < deadline_us && now_us < deadline_us - PATIENCE_US + 20000;
	     now_us = watch_now_us()) {
		reap_orphans();
		if (!any_process()) {
			session->vanished++;
			return must_run ? "it is reported to be restored, and is not there" : NULL;
		}
		watch_sleep_us(500);
	}
	session->target.pid = session->pid;
	trouble = watched_harm(&session->target, false);
	reap_orphans();
	if (!any_process()) {
		session->vanished++;
		return must_run ? trouble : NULL;
	}
	session->survived++;
	return trouble ? trouble : end_program(session);
}

static const char *disturb(struct session *session, int64_t delay_us)
{
	char *argv[5], what[128];
	struct command command = restore_command(session, argv);
	const char *trouble;
	bool is_killed;
	int status;

	if (!put_file_back(session))
		return "cannot put its file back";
	command.signal = SIGKILL;
	command.delay_us = delay_us;
	status = command_run(&command, NULL);
	is_killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	snprintf(what, sizeof(what), "after %jd us (%s)", (intmax_t)delay_us, command_status(status));
	if (!is_killed && status != 0)
		return report(session, what, command_said(&command));
	session->killed += is_killed;
	session->finished += !is_killed;
	trouble = settle(session, !is_killed);
	return trouble ? report(session, what, trouble) : NULL;
}

/* Starts the program and turns it into an archive. */
static const char *prepare(struct session *session, const char *shape)
{
	char pid[16];
	char *argv[] = {session->dump, (char *)"-t", pid, (char *)"-o", session->archive, NULL};
	struct command command = {.argv = argv, .log = session->log};
	int status;

	if (!watched_start(&session->target, session->program, session->board, shape, "handled"))
		return session->target.message;
	session->pid = session->target.pid;
	session->target.board->is_patient = 1;
	snprintf(pid, sizeof(pid), "%d", (int)session->pid);
	status = command_run(&command, NULL);
	if (status != 0)
		return report(session, command_status(status), command_said(&command));
	session->target.is_child = false;
	reap_orphans();
	return keep_file(session) ? NULL : "cannot read its file";
}

static const char *run_kills(struct session *session, unsigned kills)
{
	int64_t duration_us = 0, longest_us = 0;
	const char *trouble = NULL;

	for (int i = 0; !trouble && i < MEASURED_RESTORES; i++) {
		trouble = restore_normally(session, &duration_us);
		longest_us = duration_us > longest_us ? duration_us : longest_us;
	}
	for (unsigned i = 0; !trouble && i < kills; i++) {
		trouble = disturb(session, (int64_t)(random_next(&session->random) %
						     (uint64_t)(duration_us * 13 / 10)));
		if (!trouble && (i + 1) % KILLS_BETWEEN_NORMAL_RESTORES == 0)
			trouble = restore_normally(session, &longest_us);
	}
	if (!trouble)
		trouble = restore_normally(session, &longest_us);
	printf("# restore takes %jd us; %u were killed, %u had finished; %u times nothing was left, %u times "
	       "the "
	       "program ran\n",
	       (intmax_t)duration_us, session->killed, session->finished, session->vanished,
	       session->survived);
	return trouble;
}

static bool run_shape(const char *build, const char *scratch, const char *shape, uint64_t seed,
		      unsigned kills)
{
	static struct session session;
	char name[128];
	const char *trouble;

	session = (struct session){.random = seed};
	snprintf(session.dump, PATH_SIZE, "%s/cr-dump", build);
	snprintf(session.restore, PATH_SIZE, "%s/cr-restore", build);
	snprintf(session.program, PATH_SIZE, "%s/tests/fault/fault_target", build);
	snprintf(session.board, PATH_SIZE, "%s/board", scratch);
	snprintf(session.data, PATH_SIZE, "%s/board.data", scratch);
	snprintf(session.log, PATH_SIZE, "%s/log", scratch);
	snprintf(session.archive, PATH_SIZE, "%s/out/app.tar.zst", scratch);
	snprintf(name, sizeof(name), "kill cr-restore: %s, %u times", shape, kills);
	trouble = prepare(&session, shape);
	if (!trouble)
		trouble = run_kills(&session, kills);
	tap_result(name, trouble);
	watched_done(&session.target);
	if (session.pid > 0)
		end_program(&session);
	return trouble == NULL;
}

static int run_inside(char **argv)
{
	const char *given = getenv("FAULT_KILLS");
	unsigned kills = given ? (unsigned)strtoul(given, NULL, 10) : 100;
	uint64_t seed = random_seed();
	bool is_well;

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("proc", "/proc", "proc", 0, NULL) < 0) {
		printf("ok - fault/kill cr-restore # SKIP cannot mount /proc: %s\n", strerror(errno));
		return EXIT_SUCCESS;
	}
	printf("# kill_restore: FAULT_SEED=%ju\n", (uintmax_t)seed);
	is_well = run_shape(argv[1], argv[2], "single", seed, kills / 2);
	is_well = run_shape(argv[1], argv[2], "threads", seed, kills - kills / 2) && is_well;
	return is_well ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	int status;
	pid_t pid;

	if (argc != 3) {
		fprintf(stderr, "usage: kill_restore BUILD_DIR SCRATCH_DIR\n");
		return 2;
	}
	if (unshare(CLONE_NEWPID | CLONE_NEWNS) < 0) {
		printf("ok - fault/kill cr-restore # SKIP cannot make a pid namespace: %s\n",
		       strerror(errno));
		return EXIT_SUCCESS;
	}
	pid = fork();
	if (pid < 0)
		return EXIT_FAILURE;
	if (pid == 0) {
		status = run_inside(argv);
		fflush(stdout);
		_exit(status);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return EXIT_FAILURE;
	return WEXITSTATUS(status);
}
