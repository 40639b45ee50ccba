/* SPDX-License-Identifier: MIT */
/* Opens files of /proc of processes that have ended. */
#include "restorer/dead_process.h"

#include <errno.h>
#include <limits.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"
#include "common/vector.h"
#include "format/fd/kernel_file.h"
#include "restorer/fd/named_file.h"
#include "restorer/plan.h"

/* Where the search for another number begins, and how far it goes. */
#define OTHER_PID_FIRST 300
#define OTHER_PIDS_MAX 10000

struct dead_process {
	pid_t wanted, pid;
};

static bool is_needed(const struct restore *restore, pid_t pid)
{
	for (size_t i = 0; i < restore->stand_ins_count; i++)
		if (restore->stand_ins[i].pid == pid)
			return true;
	return plan_has_thread(restore, pid);
}

static int start(pid_t pid)
{
	pid_t set_tid[] = {pid};
	struct clone_args arguments = {
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)set_tid,
		.set_tid_size = ARRAY_SIZE(set_tid),
	};
	long child = syscall(SYS_clone3, &arguments, sizeof(arguments));

	if (child < 0)
		return -errno;
	if (child == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			(void)pause();
	}
	return 0;
}

static int start_any(const struct restore *restore, pid_t wanted, pid_t *ret_pid)
{
	pid_t pid = wanted;
	int r = is_needed(restore, pid) ? -EEXIST : start(pid);

	for (int i = 0; r == -EEXIST && i < OTHER_PIDS_MAX; i++) {
		pid = OTHER_PID_FIRST + i;
		r = is_needed(restore, pid) ? -EEXIST : start(pid);
	}
	if (r == 0)
		*ret_pid = pid;
	return r;
}

/* The one that was made for that number, if there is one; else it is made. */
static int find(struct restore *restore, pid_t wanted, pid_t *ret_pid)
{
	struct dead_process *process;
	int r;

	for (size_t i = 0; i < restore->dead_processes_count; i++) {
		if (restore->dead_processes[i].wanted == wanted) {
			*ret_pid = restore->dead_processes[i].pid;
			return 0;
		}
	}
	process = vector_append(restore, dead_processes);
	if (!process)
		return -ENOMEM;
	r = start_any(restore, wanted, ret_pid);
	if (r < 0)
		restore->dead_processes_count--;
	else
		*process = (struct dead_process){.wanted = wanted, .pid = *ret_pid};
	return r;
}

int dead_process_open(struct restore *restore, const char *path, uint32_t flags, uint32_t mode, int *ret_fd)
{
	pid_t process = 0, thread = 0, pid = 0;
	const char *rest = "";
	char found[PATH_MAX];
	int r = kernel_file_is_of_process(path, &process, &thread, &rest) ? 0 : -EINVAL;

	if (r == 0)
		r = find(restore, thread ? thread : process, &pid);
	if (r < 0)
		return log_error_errno(r, "cannot make a process to have been that of '%s'", path);
	if (thread)
		snprintf(found, sizeof(found), "/proc/%d/task/%d%s", pid, pid, rest);
	else
		snprintf(found, sizeof(found), "/proc/%d%s", pid, rest);
	return named_file_open_path(found, flags, mode, 0, ret_fd);
}

void dead_processes_end(struct restore *restore)
{
	for (size_t i = 0; i < restore->dead_processes_count; i++) {
		(void)kill(restore->dead_processes[i].pid, SIGKILL);
		while (waitpid(restore->dead_processes[i].pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	free(restore->dead_processes);
	restore->dead_processes = NULL;
	restore->dead_processes_count = restore->dead_processes_capacity = 0;
}
