/* SPDX-License-Identifier: MIT */
/* Makes the processes and threads. */
#include "restorer/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "restorer/fd/objects.h"
#include "restorer/memory.h"

#define REAP_TIMEOUT_MS 2000

#define THREAD_FLAGS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)

/* Session and group: those of its own, or cr-restore's with --shell-job. */
static int join_session(struct restore *restore, struct task *task)
{
	struct batch *batch = puppet_batch(&task->threads[0].puppet);

	if (task->image->sid == task->image->pid)
		batch_call(batch, SYS_setsid);
	else if (restore->options->is_shell_job && task->image->pgid == task->image->pid)
		batch_call(batch, SYS_setpgid, 0, 0);
	return puppet_run(&task->threads[0].puppet, "joining its session");
}

/* Keeps one descriptor of the controller in the task, to pull others through. */
static int open_controller(struct task *task)
{
	struct puppet *puppet = &task->threads[0].puppet;
	struct batch *batch = puppet_batch(puppet);
	unsigned opened;

	task->controller_fd_inside = objects_unused_fd(task);
	opened = batch_call(batch, SYS_pidfd_open, (uint64_t)getpid(), 0);
	batch_try(batch, SYS_dup3, 0, (uint64_t)task->controller_fd_inside,
		  O_CLOEXEC); /* EINVAL: it is there already */
	batch_refer(batch, 0, opened);
	return puppet_run(puppet, "opening the controller");
}

/* Such a task would get its signal when cr-restore exits, were it not the reaper's child from the start. */
static bool has_parent_death_signal(const struct task *task)
{
	for (size_t i = 0; i < task->image->n_threads; i++)
		if (task->image->threads[i]->parent_death_signal != 0)
			return true;
	return false;
}

int tree_create(struct restore *restore, struct task *task)
{
	cleanup_(memory_files_done) struct memory_files files = {.exe_fd = -EBADF};
	struct remote_address home;
	int r = memory_find_home(task, &home);

	if (r < 0)
		return log_error_errno(r, "cannot find free address space");
	r = memory_files_open(task, &files);
	if (r < 0)
		return r;
	r = puppet_create(&task->threads[0].puppet, task->image->pid, home,
			  restore->options->is_detached && has_parent_death_signal(task));
	if (r < 0)
		return log_error_errno(r, "cannot make a process with pid %d", task->image->pid);
	r = join_session(restore, task);
	if (r == 0)
		r = memory_build(task, &files);
	return r < 0 ? r : open_controller(task);
}

static int clone_thread(struct task *task, int32_t tid)
{
	struct batch *batch = task->threads[0].puppet.batch;
	pid_t set_tid[] = {tid};
	struct clone_args args = {
		.flags = THREAD_FLAGS,
		.set_tid = batch_data(batch, set_tid, sizeof(set_tid)),
		.set_tid_size = ARRAY_SIZE(set_tid),
	};

	batch_call(batch, SYS_clone3, batch_data(batch, &args, sizeof(args)), sizeof(args));
	return 0;
}

static int adopt_threads(struct task *task, size_t first, size_t end)
{
	int r = puppet_run(&task->threads[0].puppet, "making its threads");

	for (size_t i = first; r == 0 && i < end; i++) {
		r = puppet_adopt(&task->threads[i].puppet, &task->threads[0].puppet,
				 task->threads[i].image->tid);
		if (r < 0)
			return log_error_errno(r, "cannot take over thread %d", task->threads[i].image->tid);
	}
	return r;
}

int tree_create_threads(struct task *task)
{
	size_t first = 1;

	(void)puppet_batch(&task->threads[0].puppet);
	for (size_t i = 1; i < task->threads_count; i++) {
		if (batch_is_nearly_full(task->threads[0].puppet.batch, 1, 256)) {
			int r = adopt_threads(task, first, i);

			if (r < 0)
				return r;
			first = i;
			(void)puppet_batch(&task->threads[0].puppet);
		}
		(void)clone_thread(task, task->threads[i].image->tid);
	}
	return adopt_threads(task, first, task->threads_count);
}

/* A dead orphan is in the hands of its reaper, which takes its time: the pid is free only then. */
static void wait_until_free(pid_t pid)
{
	const struct timespec pause = {.tv_nsec = 1000000};

	for (int i = 0; i < REAP_TIMEOUT_MS && kill(pid, 0) == 0; i++)
		nanosleep(&pause, NULL);
}

void tree_kill(struct restore *restore)
{
	for (size_t i = 0; i < restore->tasks_count; i++) {
		struct task *task = &restore->tasks[i];
		pid_t pid = task->threads ? task->threads[0].puppet.tracee.tid : 0;

		if (pid == 0)
			continue;
		kill(pid, SIGKILL);
		for (size_t k = task->threads_count; k > 0; k--) {
			struct tracee *tracee = &task->threads[k - 1].puppet.tracee;

			while (tracee->tid != 0 && tracee->stop != TRACEE_GONE)
				if (tracee_wait(tracee, TRACEE_TIMEOUT_MS) < 0)
					break;
		}
		/* An orphan is not ours to wait for. */
		if (waitpid(pid, NULL, 0) < 0)
			wait_until_free(pid);
	}
}
