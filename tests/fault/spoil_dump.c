/* SPDX-License-Identifier: MIT */
/*
 * Runs cr-dump where something is missing: room, memory, descriptors, a reader. It must say so, leave nothing
 * behind and the target as it was.
 *
 *   spoil_dump BUILD_DIR SCRATCH_DIR
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fault/fault_command.h"
#include "tests/fault/fault_watch.h"
#include "tests/fault/tap.h"

#define PATH_SIZE 512
#define EARLY_READER_BYTES 1000

struct session {
	struct watched target;
	char dump[PATH_SIZE], log[PATH_SIZE], folder[PATH_SIZE], archive[PATH_SIZE + 16];
	const char *no_small; /* NULL: small is a file system of its own, smaller than the archive */
	char small[PATH_SIZE], small_archive[PATH_SIZE + 16];
	char message[2 * WATCH_MESSAGE_SIZE];
	unsigned done, failed;
};

struct limit {
	int resource;
	rlim_t value;
};

static bool set_limit(void *data)
{
	const struct limit *limit = data;

	return setrlimit((__rlimit_resource_t)limit->resource,
			 &(struct rlimit){limit->value, limit->value}) == 0;
}

static bool close_descriptors(void *data)
{
	for (int fd = 0; fd < 3; fd++)
		if (*(unsigned *)data & 1U << fd)
			close(fd);
	return true;
}

static bool full_output(void *data)
{
	(void)data;
	return dup2(open("/dev/full", O_WRONLY), STDOUT_FILENO) == STDOUT_FILENO;
}

/* Standard output becomes a pipe whose reader goes away early. */
static bool early_reader(void *data)
{
	char bytes[EARLY_READER_BYTES];
	int ends[2];
	pid_t reader;

	(void)data;
	if (pipe(ends) < 0)
		return false;
	/* a grandchild, which nobody has to wait for */
	reader = fork();
	if (reader == 0) {
		if (fork() == 0) {
			close(ends[1]);
			dup2(ends[0], STDIN_FILENO);
			if (read(STDIN_FILENO, bytes, sizeof(bytes)) < 0)
				_exit(1);
		}
		_exit(0);
	}
	if (reader < 0 || waitpid(reader, NULL, 0) != reader || dup2(ends[1], STDOUT_FILENO) < 0)
		return false;
	close(ends[0]);
	close(ends[1]);
	return true;
}

static bool is_empty(const char *path)
{
	DIR *folder = opendir(path);
	unsigned count = 0;

	while (folder && readdir(folder))
		count++;
	if (folder)
		closedir(folder);
	return count == 2; /* "." and ".." */
}

/* Standard output becomes a pipe that is never read, and a while later comes a SIGINT. */
static bool stuck_reader(void *data)
{
	pid_t self = getpid(), reader;
	int ends[2];

	(void)data;
	if (pipe(ends) < 0)
		return false;
	reader = fork();
	if (reader == 0) {
		if (fork() == 0) {
			watch_sleep_us(300000);
			kill(self, SIGINT);
			while (kill(self, 0) == 0)
				watch_sleep_us(50000);
		}
		_exit(0);
	}
	if (reader < 0 || waitpid(reader, NULL, 0) != reader || dup2(ends[1], STDOUT_FILENO) < 0)
		return false;
	close(ends[0]);
	close(ends[1]);
	return true;
}

static const char *leftover(struct session *session, bool is_done)
{
	DIR *folder = opendir(session->folder);
	const char *trouble = NULL;
	struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    (is_done && strcmp(entry->d_name, "app.tar.zst") == 0))
			continue;
		snprintf(session->message, sizeof(session->message), "%s is left behind", entry->d_name);
		trouble = session->message;
	}
	if (folder)
		closedir(folder);
	unlink(session->archive);
	return trouble;
}

/* WANTED: the exit status, or -1 if a dump may succeed as well as fail. */
static const char *try_dump(struct session *session, const char *output, bool (*prepare)(void *), void *data,
			    int wanted)
{
	char pid[16];
	char *argv[] = {session->dump, (char *)"-R", (char *)"-t", pid, (char *)"-o", (char *)output, NULL};
	struct command command = {.argv = argv, .log = session->log, .prepare = prepare, .data = data};
	const char *trouble;
	int status;

	snprintf(pid, sizeof(pid), "%d", (int)session->target.pid);
	status = command_run(&command, NULL);
	if (!WIFEXITED(status) || WEXITSTATUS(status) == COMMAND_CANNOT_PREPARE ||
	    (wanted >= 0 ? WEXITSTATUS(status) != wanted
			 : WEXITSTATUS(status) > 1 && WEXITSTATUS(status) != 127)) {
		snprintf(session->message, sizeof(session->message), "%s: %s", command_status(status),
			 command_said(&command));
		return session->message;
	}
	session->done += status == 0;
	session->failed += status != 0;
	if (status != 0 && prepare != close_descriptors && command_said(&command)[0] == '\0')
		return "it fails without a word";
	trouble = leftover(session, status == 0);
	return trouble ? trouble : watched_harm(&session->target, false);
}

static bool result(struct session *session, const char *name, const char *trouble)
{
	static char full_name[128];

	snprintf(full_name, sizeof(full_name), "cr-dump: %s", name);
	if (session->done + session->failed > 1)
		printf("# %s: %u succeeded, %u failed\n", full_name, session->done, session->failed);
	session->done = session->failed = 0;
	return tap_result(full_name, trouble);
}

static const char *try_limits(struct session *session, int resource, rlim_t first, rlim_t end, rlim_t step)
{
	const char *trouble = NULL;

	for (rlim_t value = first; !trouble && value < end; value += step) {
		struct limit limit = {resource, value};

		trouble = try_dump(session, session->archive, set_limit, &limit, -1);
		if (trouble) {
			static char text[2 * WATCH_MESSAGE_SIZE + 64];

			snprintf(text, sizeof(text), "with %ju: %s", (uintmax_t)value, trouble);
			trouble = text;
		}
	}
	if (!trouble && session->done == 0)
		trouble = "no limit was high enough for success";
	if (!trouble && session->failed == 0)
		trouble = "no limit was low enough for failure";
	return trouble;
}

static const char *try_closed(struct session *session)
{
	const char *trouble = NULL;

	for (unsigned which = 1; !trouble && which < 8; which++)
		trouble = try_dump(session, session->archive, close_descriptors, &which, 0);
	return trouble;
}

static bool run_all(struct session *session)
{
	unsigned standard_output = 1U << STDOUT_FILENO;
	bool is_well;

	if (!session->no_small) {
		const char *trouble = try_dump(session, session->small_archive, NULL, NULL, 1);

		if (!trouble && !is_empty(session->small))
			trouble = "something is left behind";
		is_well = result(session, "no room on the file system", trouble);
	} else {
		is_well = tap_skip("cr-dump: no room on the file system", session->no_small);
	}
	is_well &=
		result(session, "no room on standard output", try_dump(session, "-", full_output, NULL, 1));
	is_well &= result(session, "a reader that goes away", try_dump(session, "-", early_reader, NULL, 1));
	is_well &= result(session, "SIGINT while a reader does not read",
			  try_dump(session, "-", stuck_reader, NULL, 1));
	is_well &= result(session, "limit on the file's size",
			  try_limits(session, RLIMIT_FSIZE, 4096, 3 << 20, 400000));
	is_well &= result(session, "limit on address space",
			  try_limits(session, RLIMIT_AS, 4 << 20, 804 << 20, 16 << 20));
	is_well &= result(session, "limit on data",
			  try_limits(session, RLIMIT_DATA, 1 << 20, 65 << 20, 2 << 20));
	is_well &= result(session, "limit on descriptors", try_limits(session, RLIMIT_NOFILE, 3, 40, 1));
	is_well &= result(session, "standard descriptors are closed", try_closed(session));
	is_well &= result(session, "standard output is closed, and wanted",
			  try_dump(session, "-", close_descriptors, &standard_output, 1));
	is_well &= result(session, "all is well again", try_dump(session, session->archive, NULL, NULL, 0));
	return is_well;
}

/* Mounts one at PATH, of our own and of the target's, which goes when both have ended. Why not, or NULL. */
static const char *mount_small(const char *path)
{
	static char reason[PATH_SIZE + 64];

	if (mkdir(path, 0700) < 0 && errno != EEXIST) {
		snprintf(reason, sizeof(reason), "cannot make '%s': %s", path, strerror(errno));
		return reason;
	}
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
		snprintf(reason, sizeof(reason), "no mount namespaces here: %s", strerror(errno));
		return reason;
	}
	if (mount("none", path, "tmpfs", 0, "size=256k") < 0) {
		snprintf(reason, sizeof(reason), "no tmpfs here: %s", strerror(errno));
		return reason;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static struct session session;
	char target[PATH_SIZE], board[PATH_SIZE];
	bool is_well;

	if (argc != 3) {
		fprintf(stderr, "usage: spoil_dump BUILD_DIR SCRATCH_DIR\n");
		return 2;
	}
	snprintf(session.dump, PATH_SIZE, "%s/cr-dump", argv[1]);
	snprintf(target, sizeof(target), "%s/tests/fault/fault_target", argv[1]);
	snprintf(board, sizeof(board), "%s/board", argv[2]);
	snprintf(session.log, PATH_SIZE, "%s/log", argv[2]);
	snprintf(session.folder, PATH_SIZE, "%s/out", argv[2]);
	snprintf(session.archive, sizeof(session.archive), "%s/app.tar.zst", session.folder);
	snprintf(session.small, PATH_SIZE, "%s/small", argv[2]);
	snprintf(session.small_archive, sizeof(session.small_archive), "%s/app.tar.zst", session.small);
	session.no_small = mount_small(session.small);
	if (watched_start(&session.target, target, board, "threads", "default"))
		is_well = run_all(&session);
	else
		is_well = tap_result("cr-dump in a spoilt environment", session.target.message);
	watched_done(&session.target);
	return is_well ? EXIT_SUCCESS : EXIT_FAILURE;
}
