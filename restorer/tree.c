/* SPDX-License-Identifier: MIT */
/* Makes the processes and threads. */
#include "restorer/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "restorer/affinity.h"
#include "restorer/cgroups.h"
#include "restorer/fd/objects.h"
#include "restorer/fd/terminals.h"
#include "restorer/making.h"
#include "restorer/mapped_files.h"
#include "restorer/memory.h"
#include "restorer/plan.h"

#define REAP_TIMEOUT_MS 2000

#define THREAD_FLAGS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)

/* When all tasks have been made: those that inherit the number would lose the mapped file that has it. */
void tree_add_controller(struct task *task)
{
	struct batch *batch = task_puppet(task)->batch;
	unsigned opened;

	batch->purpose = "opening the controller";
	task->controller_fd_inside = objects_unused_fd(task);
	opened = batch_call(batch, SYS_pidfd_open, (uint64_t)getpid(), 0);
	batch_try(batch, SYS_dup3, 0, (uint64_t)task->controller_fd_inside,
		  O_CLOEXEC); /* EINVAL: it is there already */
	batch_refer(batch, 0, opened);
	batch->purpose = NULL;
}

/* Name and ids, and then its end. */
static int end_zombie(struct task *task)
{
	static const struct rlimit no_core = {0, 0};
	static const unsigned char default_action[32];
	const Cr__Zombie *zombie = task->image->zombie;
	struct puppet *puppet = task_puppet(task);
	struct batch *batch = puppet_batch(puppet);
	int signal = WIFSIGNALED(zombie->status) ? WTERMSIG(zombie->status) : 0;
	char name[16] = "";
	int r;

	memcpy(name, zombie->comm.data, MIN(zombie->comm.len, sizeof(name) - 1));
	batch_call(batch, SYS_prctl, PR_SET_NAME, batch_data(batch, name, sizeof(name)));
	batch_call(batch, SYS_prlimit64, 0, RLIMIT_CORE, batch_data(batch, &no_core, sizeof(no_core)), 0);
	if (signal != 0 && signal != SIGKILL)
		batch_call(batch, SYS_rt_sigaction, (uint64_t)signal,
			   batch_data(batch, default_action, sizeof(default_action)), 0, 8);
	if (zombie->gid != getgid())
		batch_call(batch, SYS_setresgid, zombie->gid, zombie->gid, zombie->gid);
	if (zombie->uid != getuid())
		batch_call(batch, SYS_setresuid, zombie->uid, zombie->uid, zombie->uid);
	/* Of one whose ids have changed, and which so cannot be looked at, nobody is told how it ended. */
	batch_call(batch, SYS_prctl, PR_SET_DUMPABLE, 1);
	r = puppet_run(puppet, "its state");
	if (r < 0)
		return r;
	if (signal != 0)
		r = puppet_end_by(puppet, signal);
	else {
		batch_call(puppet_batch(puppet), SYS_exit_group, (uint64_t)WEXITSTATUS(zombie->status));
		r = puppet_run_to_end(puppet);
	}
	return r < 0 ? log_error_errno(r, "cannot make it the zombie that it was") : 0;
}

static int end_zombies(struct restore *restore)
{
	for (size_t i = 0; i < restore->tasks_count; i++) {
		int r;

		LOG_SCOPE("pid %d", restore->tasks[i].image->pid);
		r = restore->tasks[i].image->zombie ? end_zombie(&restore->tasks[i]) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

static int build_early(struct restore *restore, struct task *task)
{
	return task->is_late || !task_owns(task, SHARED_MEMORY) ? 0 : memory_build(task, &restore->own_vmas);
}

int tree_create(struct restore *restore)
{
	int r = mapped_files_open(restore);

	if (r == 0)
		r = terminals_create(restore);
	if (r < 0)
		return r;
	affinity_narrow(restore);
	r = making_run_early(restore);
	return r < 0 ? r : restore_each_task(restore, build_early);
}

int tree_create_until(struct restore *restore, struct task *task)
{
	return making_run_late(restore, (size_t)(task - restore->tasks));
}

int tree_settle(struct restore *restore)
{
	int r = making_run_late(restore, restore->tasks_count);

	mapped_files_done(restore);
	if (r == 0)
		r = making_run_groups(restore);
	if (r == 0)
		r = terminals_settle(restore);
	if (r == 0)
		r = making_end_stand_ins(restore);
	return r < 0 ? r : end_zombies(restore);
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

/* They were made in those of the main thread. */
static int move_threads(struct restore *restore, const struct task *task)
{
	int r = 0;

	for (size_t i = 1; r == 0 && i < task->threads_count; i++) {
		const Cr__Thread *image = task->threads[i].image;

		r = cgroups_move_thread(restore, image->tid, task->cgroup_set, image->cgroup_set);
	}
	return r;
}

int tree_create_threads(struct restore *restore, struct task *task)
{
	size_t first = 1;
	int r;

	if (task->threads_count > 1 && task->threads[1].puppet.tracee.tid != 0)
		return 0; /* for a child of one of them */
	(void)puppet_batch(&task->threads[0].puppet);
	for (size_t i = 1; i < task->threads_count; i++) {
		if (batch_is_nearly_full(task->threads[0].puppet.batch, 1, 256)) {
			r = adopt_threads(task, first, i);
			if (r < 0)
				return r;
			first = i;
			(void)puppet_batch(&task->threads[0].puppet);
		}
		(void)clone_thread(task, task->threads[i].image->tid);
	}
	r = adopt_threads(task, first, task->threads_count);
	return r < 0 ? r : move_threads(restore, task);
}

/* A dead orphan is in the hands of its reaper, which takes its time: the pid is free only then. */
static void wait_until_free(pid_t pid, int *left_ms)
{
	const struct timespec pause = {.tv_nsec = 1000000};

	for (; *left_ms > 0 && kill(pid, 0) == 0; --*left_ms)
		nanosleep(&pause, NULL);
}

/* Until the last of its threads is gone. */
static void await_death(struct task *task, int *left_ms)
{
	for (size_t k = MAX(task->threads_count, (size_t)1); k > 0; k--) {
		struct tracee *tracee = &task->threads[k - 1].puppet.tracee;

		while (tracee->tid != 0 && tracee->stop != TRACEE_GONE)
			if (tracee_wait(tracee, TRACEE_TIMEOUT_MS) < 0)
				break;
	}
	/* An orphan, or a child of another, is not ours to wait for. */
	if (waitpid(task->image->pid, NULL, 0) < 0)
		wait_until_free(task->image->pid, left_ms);
}

static pid_t made_pid(const struct task *task)
{
	return task->threads ? task->threads[0].puppet.tracee.tid : 0;
}

void tree_kill(struct restore *restore)
{
	int left_ms = REAP_TIMEOUT_MS; /* for all together */

	for (size_t i = 0; i < restore->stand_ins_count; i++)
		if (restore->stand_ins[i].puppet.tracee.tid != 0 &&
		    restore->stand_ins[i].puppet.tracee.stop != TRACEE_GONE)
			(void)!puppet_kill(&restore->stand_ins[i].puppet);
	for (size_t i = 0; i < restore->tasks_count; i++)
		if (made_pid(&restore->tasks[i]) != 0)
			kill(made_pid(&restore->tasks[i]), SIGKILL);
	for (size_t i = 0; i < restore->tasks_count; i++)
		if (made_pid(&restore->tasks[i]) != 0)
			await_death(&restore->tasks[i], &left_ms);
}
