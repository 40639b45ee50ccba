/* SPDX-License-Identifier: MIT */
/* Descriptors of processes, pidfd_open(2), at restore. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"
#include "common/uapi_pidfd.h"
#include "common/vector.h"
#include "format/fd/pidfd.h"
#include "restorer/fd/fd_restorer.h"
#include "restorer/plan.h"

/* A process that has ended as one did that is gone; for its pidfds to be opened, nobody has waited for it
 * yet. */
struct gone_process {
	uint32_t id;
	pid_t pid;
};

struct gone_list {
	struct gone_process *processes;
	size_t processes_count;
	size_t processes_capacity;
};

static const Cr__Pidfd *entry_of(const struct object *object)
{
	return (const Cr__Pidfd *)object->entry;
}

static int pidfd_read_entry(struct restore *restore maybe_unused, struct object *object,
			    const char **ret_reason)
{
	return pidfd_check(entry_of(object), ret_reason);
}

static void probe_threads(struct restore *restore, const struct object *object)
{
	int fd = (int)syscall(SYS_pidfd_open, getpid(), UAPI_PIDFD_THREAD);

	if (fd < 0)
		blockers_add(
			&restore->blockers,
			"open file %u is a pidfd of a thread, which this kernel does not know (Linux 6.9)",
			object->image->id);
	else
		close(fd);
}

static int pidfd_plan(struct restore *restore, struct object *object)
{
	pid_t pid = entry_of(object)->pid;
	bool is_thread = object->image->flags & UAPI_PIDFD_THREAD;

	if (pid != 0 && !(is_thread ? plan_has_thread(restore, pid) : plan_find_task(restore, pid) != NULL)) {
		log_error("bad archive: open file %u is a pidfd of %s %d, which is not there",
			  object->image->id, is_thread ? "thread" : "process", pid);
		return -EBADMSG;
	}
	if (is_thread)
		probe_threads(restore, object);
	return 0;
}

/* In the child: ends it. */
static _Noreturn void end_as(int status)
{
	const struct rlimit no_core = {0, 0};
	sigset_t none;

	if (WIFEXITED(status))
		_exit(WEXITSTATUS(status));
	(void)setrlimit(RLIMIT_CORE, &no_core);
	(void)signal(WTERMSIG(status), SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)kill(getpid(), WTERMSIG(status));
	/* One that ends nothing. */
	_exit(EXIT_FAILURE);
}

static int make_gone(int status, pid_t *ret_pid)
{
	siginfo_t info = {0};
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0)
		end_as(status);
	while (waitid(P_PID, (id_t)pid, &info, WEXITED | WSTOPPED | WNOWAIT) < 0)
		if (errno != EINTR)
			return -errno;
	if (info.si_code == CLD_STOPPED)
		(void)kill(pid, SIGKILL);
	*ret_pid = pid;
	return 0;
}

static int find_gone(struct restore *restore, const Cr__Pidfd *entry, pid_t *ret_pid)
{
	struct gone_list *list = restore->fd_kind_states[FD_KIND_pidfd];
	struct gone_process *process;
	int r;

	if (!list)
		restore->fd_kind_states[FD_KIND_pidfd] = list = calloc(1, sizeof(*list));
	for (size_t i = 0; list && i < list->processes_count; i++) {
		if (list->processes[i].id == entry->gone_id) {
			*ret_pid = list->processes[i].pid;
			return 0;
		}
	}
	process = list ? vector_append(list, processes) : NULL;
	if (!process)
		return -ENOMEM;
	process->id = entry->gone_id;
	r = make_gone(entry->exit_status, &process->pid);
	if (r < 0)
		list->processes_count--;
	else
		*ret_pid = process->pid;
	return r;
}

static int pidfd_open_object(struct restore *restore, const struct object *object, int *ret_fd)
{
	unsigned flags = object->image->flags & UAPI_PIDFD_THREAD;
	pid_t pid = entry_of(object)->pid;
	int fd, r = pid != 0 ? 0 : find_gone(restore, entry_of(object), &pid);

	if (r < 0)
		return log_error_errno(r, "cannot make a process to be gone");
	fd = (int)syscall(SYS_pidfd_open, pid, flags);
	if (fd < 0)
		return log_error_errno(-errno, "cannot make a pidfd of %d", (int)pid);
	*ret_fd = fd;
	return 0;
}

static void wait_for_gone(struct restore *restore)
{
	struct gone_list *list = restore->fd_kind_states[FD_KIND_pidfd];

	for (size_t i = 0; list && i < list->processes_count; i++)
		while (waitpid(list->processes[i].pid, NULL, 0) < 0 && errno == EINTR)
			;
	if (list)
		list->processes_count = 0;
}

/* From here on they are gone. */
static int pidfd_finish(struct restore *restore)
{
	wait_for_gone(restore);
	return 0;
}

static void pidfd_kind_done(struct restore *restore)
{
	struct gone_list *list = restore->fd_kind_states[FD_KIND_pidfd];

	wait_for_gone(restore);
	if (list)
		free(list->processes);
	free(list);
}

const struct fd_restorer pidfd_fd_restorer = {
	.name = "pidfd",
	.read = pidfd_read_entry,
	.plan = pidfd_plan,
	.open = pidfd_open_object,
	.finish = pidfd_finish,
	.kind_done = pidfd_kind_done,
};
