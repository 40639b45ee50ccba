/* SPDX-License-Identifier: MIT */
/* Starts, watches and ends the scenario program and the two tools; ends nothing that it did not start. */
#include "runner.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "process_tree.h"

#define POLL_MS 2

int run_failed(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
	fflush(stdout);
	return RUN_FAILED;
}

void run_note(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
	fflush(stdout);
}

int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

int remaining_ms(const struct run *run)
{
	int64_t remaining = run->deadline_ms - now_ms();

	return remaining < 0 ? 0 : (int)remaining;
}

static int open_pidfd(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* To the constructor in scenario.c, by which the program gives up root after it was started. */
static int tell_user(const struct run *run)
{
	cleanup_free char *ids = string_format("%ld:%ld", run->user, run->group);

	return ids && setenv("SCENARIO_USER", ids, 1) == 0 ? 0 : -ENOMEM;
}

static int become_user(const struct run *run)
{
	uid_t uid = (uid_t)run->user;
	gid_t gid = (gid_t)run->group;

	if (fchown(1, uid, gid) < 0 || setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 ||
	    setresuid(uid, uid, uid) < 0)
		return -errno;
	return 0;
}

/* In the child: becomes the program. */
static _Noreturn void program_exec(const struct run *run)
{
	int input = open("/dev/null", O_RDONLY);
	int log;

	if (setsid() < 0 || chdir(run->scratch) < 0)
		_exit(126);
	umask(022);
	log = open("log", O_WRONLY | O_CREAT | O_APPEND, 0644);
	if (input < 0 || log < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0 || dup2(input, 0) < 0)
		_exit(126);
	syscall(SYS_close_range, 3, ~0U, 0);
	if (run->user >= 0 && (run->use_namespaces ? tell_user(run) : become_user(run)) < 0)
		_exit(126);
	execvp(run->argv[0], run->argv);
	dprintf(2, "cannot start %s: %s\n", run->argv[0], strerror(errno));
	_exit(127);
}

/* As daemons start: the process that forked it leaves, and it is left to us. */
static pid_t start_daemon(const struct run *run)
{
	pid_t starter, pid = -1;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	starter = fork();
	if (starter == 0) {
		pid = fork();
		if (pid == 0)
			program_exec(run);
		_exit(write(ends[1], &pid, sizeof(pid)) == sizeof(pid) ? 0 : 1);
	}
	close(ends[1]);
	if (starter > 0 && (read(ends[0], &pid, sizeof(pid)) != sizeof(pid) || waitpid(starter, NULL, 0) < 0))
		pid = -1;
	close(ends[0]);
	return pid;
}

int program_start(struct run *run)
{
	run->pid = run->use_namespaces ? start_daemon(run) : fork();
	if (run->pid < 0)
		return run_failed("fork: %s", strerror(errno));
	if (run->pid == 0)
		program_exec(run);
	run->pidfd = open_pidfd(run->pid);
	run->has_exited = false;
	return run->pidfd < 0 ? run_failed("pidfd_open: %s", strerror(errno)) : RUN_PASSED;
}

int program_adopt(struct run *run)
{
	close_fd(&run->pidfd);
	run->has_exited = false;
	run->pidfd = open_pidfd(run->pid);
	if (run->pidfd < 0)
		return run_failed("after the restore there is no process %d: %s", (int)run->pid,
				  strerror(errno));
	return RUN_PASSED;
}

/* The link or file NAME.NUMBER in the scratch directory is there and says something. */
static bool has_mark(const struct run *run, const char *name, unsigned int number)
{
	cleanup_free char *path = string_format("%s/%s.%u", run->scratch, name, number);
	struct stat status;

	return path && lstat(path, &status) == 0 && status.st_size > 0;
}

static bool poll_exit(int pidfd, int timeout_ms)
{
	struct pollfd poll_fd = {.fd = pidfd, .events = POLLIN};

	return poll(&poll_fd, 1, timeout_ms) > 0;
}

int program_reap(struct run *run, int timeout_ms)
{
	pid_t pid = run->foreground_pid ?: run->pid;
	siginfo_t info = {0};

	if (run->has_exited)
		return RUN_PASSED;
	if (!poll_exit(run->pidfd, timeout_ms)) {
		process_report(run->pid, "the program");
		if (run->foreground_pid)
			process_report(run->foreground_pid, "cr-restore");
		return run_failed("process %d has not ended", (int)pid);
	}
	if (waitid(P_PID, (id_t)pid, &info, WEXITED) < 0)
		return run_failed("process %d ended, but cannot be waited for: %s", (int)pid,
				  strerror(errno));
	run->exit_code = info.si_code;
	run->exit_status = info.si_status;
	run->has_exited = true;
	return RUN_PASSED;
}

int program_wait_event(struct run *run, bool *ret_is_ready)
{
	int64_t start = now_ms();

	for (;;) {
		unsigned int next = run->checkpoint_number + 1;
		bool is_ready = run->settle_ms ? next == 1 && now_ms() - start >= run->settle_ms
					       : has_mark(run, "ready", next);

		if (is_ready) {
			run->checkpoint_number = next;
			*ret_is_ready = true;
			return RUN_PASSED;
		}
		if (poll_exit(run->pidfd, POLL_MS)) {
			*ret_is_ready = false;
			return program_reap(run, 0);
		}
		if (remaining_ms(run) == 0) {
			process_report(run->pid, "the program");
			return run_failed("the program neither ended nor announced checkpoint %u in time",
					  next);
		}
	}
}

int program_release(struct run *run)
{
	cleanup_free char *path = string_format("%s/go.%u", run->scratch, run->checkpoint_number);
	cleanup_close int fd = -EBADF;

	if (!path)
		return run_failed("out of memory");
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (fd < 0 || file_write_full(fd, "go\n", 3) < 0)
		return run_failed("cannot create %s: %s", path, strerror(errno));
	if (run->is_stopped && kill(run->pid, SIGCONT) < 0)
		return run_failed("cannot continue %d: %s", (int)run->pid, strerror(errno));
	return RUN_PASSED;
}

static char task_state(pid_t pid, const char *tid)
{
	cleanup_free char *path = string_format("/proc/%d/task/%s/stat", (int)pid, tid);
	cleanup_free char *text = NULL;
	const char *parenthesis;

	if (!path || file_read_at(AT_FDCWD, path, 1 << 16, &text, NULL) < 0)
		return '?';
	parenthesis = strrchr(text, ')');
	return parenthesis && parenthesis[1] ? parenthesis[2] : '?';
}

/* T if all threads that live are stopped, else the state of one that is not. */
static char process_state(pid_t pid)
{
	cleanup_free char *path = string_format("/proc/%d/task", (int)pid);
	cleanup_closedir DIR *directory = path ? opendir(path) : NULL;
	char state = directory ? 'T' : '?';
	struct dirent *entry;

	while (directory && state == 'T' && (entry = readdir(directory)))
		if (entry->d_name[0] != '.' && (state = task_state(pid, entry->d_name)) == 'Z')
			state = 'T';
	return state;
}

int program_wait_stopped(const struct run *run)
{
	int64_t end = now_ms() + 5000;
	char state;

	while ((state = process_state(run->pid)) != 'T') {
		if (now_ms() > end || poll_exit(run->pidfd, POLL_MS))
			return run_failed("the program is in state %c, not stopped", state);
	}
	return RUN_PASSED;
}

static int read_result(const struct run *run, char *buffer, size_t size)
{
	cleanup_free char *path = string_format("%s/result", run->scratch);
	cleanup_free char *text = NULL;
	int r;

	if (!path)
		return -ENOMEM;
	r = file_readlink_at(AT_FDCWD, path, &text);
	if (r == -EINVAL)
		r = file_read_at(AT_FDCWD, path, 4096, &text, NULL);
	if (r < 0)
		return r;
	snprintf(buffer, size, "%.*s", (int)strcspn(text, "\n"), text);
	return 0;
}

int program_verdict(const struct run *run)
{
	char result[2048] = "";
	int r = run->settle_ms ? 0 : read_result(run, result, sizeof(result));

	if (run->exit_code != CLD_EXITED)
		return run_failed("the program was killed by signal %d (%s)%s%s", run->exit_status,
				  strsignal(run->exit_status), *result ? "; its result: " : "", result);
	if (strncmp(result, "skip: ", 6) == 0 && run->checkpoint_number == 0) {
		run_note("skip: %s", result + 6);
		return RUN_SKIPPED;
	}
	if (strncmp(result, "fail: ", 6) == 0)
		return run_failed("the program says: %s", result);
	if (!run->settle_ms && (r < 0 || strcmp(result, "pass") != 0))
		return run_failed("the program ended with status %d and left no result (%s)",
				  run->exit_status, r < 0 ? strerror(-r) : result);
	if (run->exit_status != run->expected_status)
		return run_failed("%s ended with status %d instead of %d",
				  run->foreground_pid ? "cr-restore" : "the program", run->exit_status,
				  run->expected_status);
	if (!run->settle_ms && run->checkpoint_number == 0)
		return run_failed("the program passed without a checkpoint");
	return RUN_PASSED;
}

/*
 * Reaps those children of ours that have ended and are neither the program nor cr-restore: orphans of the
 * tree. Returns one that has not ended, or 0.
 */
static pid_t reap_orphans(const struct run *run)
{
	cleanup_free pid_t *pids = NULL;
	size_t count = 0;
	pid_t left = 0;

	if (process_children(getpid(), &pids, &count) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (pids[i] != run->pid && pids[i] != run->foreground_pid &&
		    waitpid(pids[i], NULL, WNOHANG) == 0 && !has_mark(run, "helper", (unsigned int)pids[i]))
			left = pids[i];
	return left;
}

int program_wait_alone(const struct run *run, int timeout_ms)
{
	int64_t end = now_ms() + timeout_ms;
	pid_t left;

	while ((left = reap_orphans(run)) != 0) {
		if (now_ms() > end) {
			process_report(left, "left behind");
			return run_failed("process %d is still there when the program is not", (int)left);
		}
		poll(NULL, 0, POLL_MS);
	}
	return RUN_PASSED;
}

static void kill_orphans(const struct run *run)
{
	int64_t end = now_ms() + 2000;
	pid_t left;

	while ((left = reap_orphans(run)) > 0 && now_ms() < end) {
		kill(left, SIGKILL);
		poll(NULL, 0, POLL_MS);
	}
}

void program_kill(struct run *run)
{
	if (run->pidfd >= 0 && !run->has_exited &&
	    syscall(SYS_pidfd_send_signal, run->pidfd, SIGKILL, NULL, 0) == 0 && poll_exit(run->pidfd, 2000))
		waitid(P_PID, (id_t)(run->foreground_pid ?: run->pid), NULL, WEXITED | WNOHANG);
	run->has_exited = true;
	run->pid = run->foreground_pid = 0;
	kill_orphans(run);
}

static void print_file(const char *path, const char *prefix)
{
	cleanup_free char *text = NULL;
	char *save, *line;

	if (file_read_at(AT_FDCWD, path, 1 << 20, &text, NULL) < 0)
		return;
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		printf("%s%s\n", prefix, line);
}

static void thread_report(pid_t pid, const char *tid)
{
	static const char *const names[] = {"wchan", "syscall", "stack"};
	cleanup_free char *status_path = string_format("/proc/%d/task/%s/status", (int)pid, tid);
	cleanup_free char *status = NULL;
	char *save, *line;

	printf("  thread %s:\n", tid);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		cleanup_free char *path = string_format("/proc/%d/task/%s/%s", (int)pid, tid, names[i]);
		cleanup_free char *prefix = string_format("    %s: ", names[i]);

		if (path && prefix)
			print_file(path, prefix);
	}
	if (!status_path || file_read_at(AT_FDCWD, status_path, 1 << 16, &status, NULL) < 0)
		return;
	for (line = strtok_r(status, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (strncmp(line, "Name", 4) == 0 || strncmp(line, "State", 5) == 0 ||
		    strncmp(line, "Sig", 3) == 0 || strncmp(line, "Shd", 3) == 0 ||
		    strncmp(line, "Tracer", 6) == 0)
			printf("    %s\n", line);
}

void process_report(pid_t pid, const char *name)
{
	cleanup_free char *path = string_format("/proc/%d/task", (int)pid);
	cleanup_closedir DIR *directory = path ? opendir(path) : NULL;
	unsigned int count = 0;
	struct dirent *entry;

	printf("%s, process %d%s\n", name, (int)pid, directory ? ":" : ", is not there");
	while (directory && (entry = readdir(directory)))
		if (entry->d_name[0] != '.' && count++ < 8)
			thread_report(pid, entry->d_name);
	fflush(stdout);
}

pid_t tool_start(struct run *run, const char *const *argv, int input, int output)
{
	pid_t pid = fork();
	int log;

	if (pid != 0)
		return pid < 0 ? -errno : pid;
	log = open(run->tool_log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	dprintf(log, "$");
	for (size_t i = 0; argv[i]; i++)
		dprintf(log, " %s", argv[i]);
	dprintf(log, "\n");
	if (input < 0)
		input = open("/dev/null", O_RDONLY);
	if (dup2(input, 0) < 0 || dup2(output < 0 ? log : output, 1) < 0 || dup2(log, 2) < 0)
		_exit(126);
	syscall(SYS_close_range, 3, ~0U, 0);
	execvp(argv[0], (char *const *)argv);
	dprintf(2, "cannot start %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

int tool_wait(struct run *run, pid_t pid, const char *name)
{
	cleanup_close int pidfd = open_pidfd(pid);
	siginfo_t info = {0};
	bool has_ended = poll_exit(pidfd, remaining_ms(run));

	if (!has_ended) {
		run_failed("%s has not ended", name);
		process_report(pid, name);
		process_report(run->pid, "the program");
		kill(pid, SIGKILL);
	}
	if (waitid(P_PID, (id_t)pid, &info, WEXITED) < 0)
		return -errno;
	if (!has_ended)
		return -ETIMEDOUT;
	return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

/* cat(1) between PATH and a pipe, whose other end is returned in *ret_fd. */
static pid_t start_cat(struct run *run, const char *path, bool is_input, int *ret_fd)
{
	static const char *const argv[] = {"cat", NULL};
	cleanup_close int file =
		open(path, is_input ? O_RDONLY | O_CLOEXEC : O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int ends[2];
	pid_t pid;

	if (file < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	pid = is_input ? tool_start(run, argv, file, ends[1]) : tool_start(run, argv, ends[0], file);
	close(ends[is_input ? 1 : 0]);
	*ret_fd = ends[is_input ? 0 : 1];
	return pid;
}

int tool_run(struct run *run, const char *const *argv, const char *input_path, const char *output_path)
{
	cleanup_close int input = -EBADF, output = -EBADF;
	pid_t cat = 0, tool;
	int status;

	if (input_path)
		cat = start_cat(run, input_path, true, &input);
	else if (output_path)
		cat = start_cat(run, output_path, false, &output);
	tool = cat < 0 ? cat : tool_start(run, argv, input, output);
	if (tool < 0) {
		run_failed("cannot start %s: %s", argv[0], strerror(-tool));
		return tool;
	}
	close_fd(&input);
	close_fd(&output);
	status = tool_wait(run, tool, argv[0]);
	if (cat > 0)
		tool_wait(run, cat, "cat");
	return status;
}

void tool_print_log(const struct run *run)
{
	cleanup_free char *program_log = string_format("%s/log", run->scratch);

	print_file(run->tool_log, "| ");
	if (program_log)
		print_file(program_log, "program: ");
	fflush(stdout);
}
