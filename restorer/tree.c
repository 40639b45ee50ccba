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
#include "restorer/fd/objects.h"
#include "restorer/fd/terminals.h"
#include "restorer/mapped_files.h"
#include "restorer/memory.h"
#include "restorer/plan.h"

#define REAP_TIMEOUT_MS 2000

#define THREAD_FLAGS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)

/* When all tasks have been made: those that inherit the number would lose the mapped file that has it. */
int tree_open_controller(struct task *task)
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

/* Room for the arguments of a clone3(2). */
#define CLONE_BYTES 256

/* Adds the call to the batch of MAKER; flags 0: a child of its own. */
static void add_clone(struct puppet *maker, pid_t pid, uint64_t flags, int exit_signal)
{
	struct batch *batch = puppet_batch(maker);
	pid_t set_tid[] = {pid};
	struct clone_args args = {
		.flags = flags,
		/* A sibling's is that of its maker. */
		.exit_signal = flags & CLONE_PARENT ? 0 : (uint64_t)exit_signal,
		.set_tid = batch_data(batch, set_tid, sizeof(set_tid)),
		.set_tid_size = ARRAY_SIZE(set_tid),
	};

	batch_call(batch, SYS_clone3, batch_data(batch, &args, sizeof(args)), sizeof(args));
}

static int make_process(struct puppet *puppet, struct puppet *maker, pid_t pid, uint64_t flags,
			int exit_signal)
{
	int r;

	add_clone(maker, pid, flags, exit_signal);
	r = puppet_run(maker, "making a process");
	if (r < 0)
		return r;
	r = puppet_adopt_process(puppet, maker, pid);
	return r < 0 ? log_error_errno(r, "cannot take over the new process %d", pid) : 0;
}

static int set_session(struct puppet *puppet)
{
	batch_call(puppet_batch(puppet), SYS_setsid);
	return puppet_run(puppet, "leading its session");
}

/* The first puppet, from which all others come. */
static int make_first(struct restore *restore, struct puppet *puppet, pid_t pid)
{
	struct remote_address home;
	int r = memory_find_home(restore, &home);

	if (r < 0)
		return log_error_errno(r, "cannot find free address space");
	r = puppet_create(puppet, pid, home,
			  restore->options->is_detached && has_parent_death_signal(&restore->tasks[0]));
	if (r < 0)
		return log_error_errno(r, "cannot make a process with pid %d", pid);
	return memory_empty(puppet);
}

static int make_stand_in(struct restore *restore, struct stand_in *stand_in)
{
	int r;

	if (stand_in->puppet.tracee.tid != 0)
		return 0;
	r = stand_in->parent ? make_process(&stand_in->puppet, task_puppet(stand_in->parent), stand_in->pid,
					    0, stand_in->exit_signal)
			     : make_first(restore, &stand_in->puppet, stand_in->pid);
	return r < 0 ? r : set_session(&stand_in->puppet);
}

static uint64_t clone_flags(const struct task *task)
{
	static const uint64_t shared[SHARED_COUNT] = {
		[SHARED_MEMORY] = CLONE_VM,
		[SHARED_FILES] = CLONE_FILES,
		[SHARED_FS] = CLONE_FS,
		[SHARED_HANDLERS] = CLONE_SIGHAND,
	};
	uint64_t flags = task->is_sibling ? CLONE_PARENT : 0;

	for (size_t i = 0; i < SHARED_COUNT; i++)
		if (!task->image->zombie && task->owners[i] == task->maker->owners[i])
			flags |= shared[i];
	return flags;
}

static int make_task(struct restore *restore, struct task *task)
{
	pid_t pid = task->image->pid;
	struct stand_in *stand_in = task->stand_in ? &restore->stand_ins[task->stand_in - 1] : NULL;
	int r = stand_in ? make_stand_in(restore, stand_in) : 0;

	if (r < 0)
		return r;
	if (stand_in)
		return make_process(task_puppet(task), &stand_in->puppet, pid, CLONE_PARENT, 0);
	if (task->maker)
		return make_process(task_puppet(task), task_puppet(task->maker), pid, clone_flags(task),
				    task->image->exit_signal);
	return make_first(restore, task_puppet(task), pid);
}

static bool leads_session(const struct task *task)
{
	return task->image->sid == task->image->pid;
}

static int lead_session(struct restore *restore, struct task *task)
{
	int r = set_session(task_puppet(task));

	return r < 0 || task->image->zombie ? r : terminals_give(restore, task);
}

/* A leader makes those of its children first that were in the session before. */
static int settle_session(struct restore *restore, struct task *task)
{
	if (leads_session(task) && task->older_children == 0)
		return lead_session(restore, task);
	if (!task->is_older || --task->maker->older_children > 0)
		return 0;
	return lead_session(restore, task->maker);
}

static int set_group(struct puppet *puppet, pid_t group)
{
	batch_call(puppet_batch(puppet), SYS_setpgid, 0, (uint64_t)group);
	return puppet_run(puppet, "joining its process group");
}

/* The groups that are led, or whose leader is stood in for. */
static int make_groups(struct restore *restore)
{
	for (size_t i = 0; i < restore->tasks_count; i++) {
		struct task *task = &restore->tasks[i];
		int r = task->image->pgid == task->image->pid && !leads_session(task)
				? set_group(task_puppet(task), 0)
				: 0;

		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < restore->stand_ins_count; i++) {
		struct stand_in *stand_in = &restore->stand_ins[i];
		int r;

		if (stand_in->is_session)
			continue;
		r = make_process(&stand_in->puppet, task_puppet(stand_in->parent), stand_in->pid, 0, 0);
		if (r == 0)
			r = set_group(&stand_in->puppet, 0);
		if (r < 0)
			return r;
	}
	return 0;
}

static int join_groups(struct restore *restore)
{
	pid_t outside = restore->tasks[0].image->pgid;

	for (size_t i = 0; i < restore->tasks_count; i++) {
		struct task *task = &restore->tasks[i];
		pid_t group = task->image->pgid;
		int r;

		LOG_SCOPE("pid %d", task->image->pid);
		if (group == task->image->pid ||
		    (group == outside && restore->manifest->is_shell_job && !plan_find_task(restore, group)))
			continue;
		r = set_group(task_puppet(task), group);
		if (r < 0)
			return r;
	}
	return 0;
}

static int end_stand_ins(struct restore *restore)
{
	for (size_t i = 0; i < restore->stand_ins_count; i++) {
		struct stand_in *stand_in = &restore->stand_ins[i];
		int r = puppet_kill(&stand_in->puppet);

		if (r < 0)
			return log_error_errno(r, "cannot end the stand-in for process %d", stand_in->pid);
		if (!stand_in->parent)
			continue;
		batch_call(puppet_batch(task_puppet(stand_in->parent)), SYS_wait4, (uint64_t)stand_in->pid, 0,
			   __WALL);
		r = puppet_run(task_puppet(stand_in->parent), "waiting for a stand-in");
		if (r < 0)
			return r;
	}
	return 0;
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

static int build_memory(struct task *task)
{
	return task_owns(task, SHARED_MEMORY) ? memory_build(task) : 0;
}

/* Those that are late, or those that are not, from *NEXT on and before END. */
static int make_tasks(struct restore *restore, size_t *next, size_t end, bool is_late)
{
	for (; *next < end; ++*next) {
		struct task *task = &restore->tasks[*next];
		int r;

		if (task->is_late != is_late)
			continue;
		LOG_SCOPE("pid %d", task->image->pid);
		r = make_task(restore, task);
		if (r == 0)
			r = settle_session(restore, task);
		if (r == 0 && is_late && !task->image->zombie)
			r = build_memory(task);
		if (r < 0)
			return r;
	}
	return 0;
}

static int build_early(struct restore *restore maybe_unused, struct task *task)
{
	return task->is_late ? 0 : build_memory(task);
}

int tree_create(struct restore *restore)
{
	size_t next = 0;
	int r = mapped_files_open(restore);

	if (r == 0)
		r = terminals_create(restore);
	if (r == 0)
		r = make_tasks(restore, &next, restore->tasks_count, false);
	return r < 0 ? r : restore_each_task(restore, build_early);
}

int tree_create_until(struct restore *restore, struct task *task)
{
	return make_tasks(restore, &restore->tasks_made_count, (size_t)(task - restore->tasks) + 1, true);
}

int tree_settle(struct restore *restore)
{
	int r = make_tasks(restore, &restore->tasks_made_count, restore->tasks_count, true);

	mapped_files_done(restore);
	if (r == 0)
		r = make_groups(restore);
	if (r == 0)
		r = join_groups(restore);
	if (r == 0)
		r = terminals_settle(restore);
	if (r == 0)
		r = end_stand_ins(restore);
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

/* Until the last of its threads is gone. */
static void await_death(struct task *task)
{
	for (size_t k = MAX(task->threads_count, (size_t)1); k > 0; k--) {
		struct tracee *tracee = &task->threads[k - 1].puppet.tracee;

		while (tracee->tid != 0 && tracee->stop != TRACEE_GONE)
			if (tracee_wait(tracee, TRACEE_TIMEOUT_MS) < 0)
				break;
	}
	/* An orphan, or a child of another, is not ours to wait for. */
	if (waitpid(task->image->pid, NULL, 0) < 0)
		wait_until_free(task->image->pid);
}

static pid_t made_pid(const struct task *task)
{
	return task->threads ? task->threads[0].puppet.tracee.tid : 0;
}

void tree_kill(struct restore *restore)
{
	for (size_t i = 0; i < restore->stand_ins_count; i++)
		if (restore->stand_ins[i].puppet.tracee.tid != 0 &&
		    restore->stand_ins[i].puppet.tracee.stop != TRACEE_GONE)
			(void)!puppet_kill(&restore->stand_ins[i].puppet);
	for (size_t i = 0; i < restore->tasks_count; i++)
		if (made_pid(&restore->tasks[i]) != 0)
			kill(made_pid(&restore->tasks[i]), SIGKILL);
	for (size_t i = 0; i < restore->tasks_count; i++)
		if (made_pid(&restore->tasks[i]) != 0)
			await_death(&restore->tasks[i]);
}
