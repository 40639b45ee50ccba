/* SPDX-License-Identifier: MIT */
/* Makes the pid namespace of --new-pid-ns, and the process in it that goes on with the restore. */
#include "restorer/pid_namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/interrupt.h"
#include "common/log.h"
#include "common/proc/cursor.h"
#include "restorer/pid_namespace_notice.h"
#include "restorer/plan.h"
#include "restorer/preflight.h"
#include "restorer/wait.h"

#define INIT_PID 1

/* That of a new namespace shows its own processes. The one below stays as it is for all others: what is
 * mounted on a private mount is seen nowhere else (mount_namespaces(7)). */
static int mount_proc(void)
{
	if (mount(NULL, "/proc", NULL, MS_PRIVATE, NULL) < 0 ||
	    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		return -errno;
	return 0;
}

/* What came of trying it. */
struct trial {
	int make_error, mount_error; /* negative errnos */
	int32_t pid_max;             /* inside; 0: it cannot be told */
};

static void try_inside(struct trial *trial)
{
	cleanup_free char *text = NULL;
	struct cursor cursor;
	size_t size;

	trial->mount_error = mount_proc();
	if (trial->mount_error < 0 ||
	    file_read_at(AT_FDCWD, "/proc/sys/kernel/pid_max", 64, &text, &size) < 0)
		return;
	cursor = CURSOR(text, size);
	if (cursor_i32(&cursor, &trial->pid_max) < 0)
		trial->pid_max = 0;
}

/* In a child process. */
static _Noreturn void try_making(int result_fd)
{
	struct trial trial = {0};
	pid_t inside = -1;

	if (unshare(CLONE_NEWPID | CLONE_NEWNS) < 0 || (inside = fork()) < 0)
		trial.make_error = -errno;
	else if (inside == 0)
		try_inside(&trial);
	if (inside <= 0)
		(void)!write(result_fd, &trial, sizeof(trial));
	else
		waitpid(inside, NULL, 0);
	_exit(0);
}

static int run_trial(struct trial *ret_trial)
{
	cleanup_close int read_fd = -EBADF, write_fd = -EBADF;
	int fds[2];
	ssize_t size;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	read_fd = fds[0];
	write_fd = fds[1];
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		try_making(write_fd);
	close_fd(&write_fd);
	do
		size = read(read_fd, ret_trial, sizeof(*ret_trial));
	while (size < 0 && errno == EINTR);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	return size == sizeof(*ret_trial) ? 0 : -EIO;
}

static void report_trial(struct restore *restore, const struct trial *trial)
{
	struct blockers *blockers = &restore->blockers;

	if (trial->make_error == -EPERM)
		blockers_add(blockers,
			     "--new-pid-ns: a pid namespace can be made only with CAP_SYS_ADMIN: run "
			     "cr-restore as root");
	else if (trial->make_error == -ENOSPC || trial->make_error == -EUSERS)
		blockers_add(blockers, "--new-pid-ns: there are as many namespaces as there may be: raise "
				       "user.max_pid_namespaces or user.max_mnt_namespaces with sysctl; or "
				       "they are nested too deep");
	else if (trial->make_error < 0)
		blockers_add(blockers, "--new-pid-ns: a pid namespace cannot be made here: %s",
			     strerror(-trial->make_error));
	else if (trial->mount_error < 0)
		blockers_add(blockers,
			     "--new-pid-ns: the /proc of a new pid namespace cannot be mounted on /proc: %s",
			     strerror(-trial->mount_error));
}

static bool has_id(const struct restore *restore, pid_t id)
{
	for (size_t i = 0; i < restore->stand_ins_count; i++)
		if (restore->stand_ins[i].pid == id)
			return true;
	for (size_t i = 0; i < restore->tasks_count; i++) {
		const struct task *task = &restore->tasks[i];

		if (task->image->pid == id)
			return true;
		for (size_t j = 0; j < task->threads_count; j++)
			if (task->threads[j].image->tid == id)
				return true;
	}
	return false;
}

int pid_namespace_check(struct restore *restore)
{
	struct trial trial;
	int r = run_trial(&trial);

	if (r < 0)
		return log_error_errno(r, "cannot try to make a pid namespace");
	report_trial(restore, &trial);
	if (has_id(restore, INIT_PID))
		blockers_add(
			&restore->blockers,
			"process id 1 cannot be had: in a new pid namespace (--new-pid-ns) it is that of "
			"cr-restore, which stays as its init");
	if (trial.pid_max > 0)
		preflight_pid_max(restore, trial.pid_max);
	return 0;
}

/* Threads and helpers of ours are given ids behind those of the program: the next is the one after
 * ns_last_pid (proc_sys_kernel(5)). */
static int keep_ids_free(const struct restore *restore)
{
	cleanup_close int fd = open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC);
	char text[16];
	int length = snprintf(text, sizeof(text), "%d", (int)preflight_largest_id(restore));

	return fd < 0 ? -errno : file_write_full(fd, text, (size_t)length);
}

/* Dies with the one outside, also if that has happened already. */
static int follow(const struct pid_namespace *pid_namespace)
{
	char byte;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return -errno;
	return recv(pid_namespace->control_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0 ? -ECONNRESET : 0;
}

static int set_up_inside(struct restore *restore, const sigset_t *mask)
{
	struct pid_namespace *pid_namespace = restore->pid_namespace;
	int r = follow(pid_namespace);

	if (r == 0)
		r = interrupt_init();
	if (r == 0 && sigprocmask(SIG_SETMASK, mask, NULL) < 0)
		r = -errno;
	/* What comes from the terminal comes by way of the one outside, once; but a job's group must be the
	 * one that the shell knows. */
	if (r == 0 && !restore->manifest->is_shell_job && setsid() < 0)
		r = -errno;
	pid_namespace->outer_proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (r == 0 && (pid_namespace->outer_proc_fd < 0 || unshare(CLONE_NEWNS) < 0))
		r = -errno;
	if (r == 0)
		r = mount_proc();
	if (r == 0)
		r = keep_ids_free(restore);
	if (r < 0)
		return log_error_errno(r, "cannot set up the new pid namespace");
	return archive_reader_resume(restore->reader);
}

/* unshare(2) with CLONE_NEWPID is about the children to come, of which there is this one. */
static int make_inside(struct restore *restore, const sigset_t *mask)
{
	struct pid_namespace *pid_namespace = restore->pid_namespace;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return log_error_errno(-errno, "cannot make a new pid namespace");
	pid_namespace->control_fd = fds[0];
	pid_namespace->init = unshare(CLONE_NEWPID) < 0 ? -1 : fork();
	if (pid_namespace->init < 0) {
		int r = log_error_errno(-errno, "cannot make a new pid namespace");

		close(fds[1]);
		return r;
	}
	if (pid_namespace->init > 0) {
		close(fds[1]);
		pid_namespace->is_outside = true;
		close_fd(&restore->input_fd);
		log_debug("pid %d is the init of the new pid namespace", (int)pid_namespace->init);
		return 1;
	}
	close(fds[0]);
	pid_namespace->control_fd = fds[1];
	pid_namespace->is_inside = true;
	return set_up_inside(restore, mask);
}

int pid_namespace_enter(struct restore *restore)
{
	sigset_t set, mask;

	if (!restore->options->has_new_pid_ns)
		return 0;
	archive_reader_pause(restore->reader);
	if (interrupted())
		return -EINTR;
	/* Nothing may come between here and who is to get it. */
	wait_signals(&set);
	if (sigprocmask(SIG_BLOCK, &set, &mask) < 0)
		return log_error_errno(-errno, "cannot set up signals");
	return make_inside(restore, &mask);
}

/* The fdinfo of a pidfd tells the number that it has in the namespace of that /proc (pidfd_open(2)). */
int pid_namespace_outer_pid(const struct pid_namespace *pid_namespace, pid_t pid, pid_t *ret_pid)
{
	cleanup_close int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	cleanup_free char *text = NULL;
	const char *line;
	char path[64];
	size_t size;
	int r;

	if (pidfd < 0)
		return log_error_errno(-errno, "cannot find pid %d", (int)pid);
	snprintf(path, sizeof(path), "self/fdinfo/%d", pidfd);
	r = file_read_at(pid_namespace->outer_proc_fd, path, PAGE_SIZE_BYTES, &text, &size);
	if (r < 0)
		return log_error_errno(r, "cannot tell the number of pid %d outside", (int)pid);
	line = strstr(text, "\nPid:");
	if (!line || sscanf(line, "\nPid: %d", ret_pid) != 1 || *ret_pid <= 0)
		return log_error_errno(-EIO, "cannot tell the number of pid %d outside", (int)pid);
	return 0;
}
