/* SPDX-License-Identifier: MIT */
/* The stages of a restore. Nothing is created before the preflight has passed; whatever fails after it is
 * killed. */
#include "restorer/restore.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/exit_status.h"
#include "common/file.h"
#include "common/interrupt.h"
#include "common/log.h"
#include "common/progress.h"
#include "common/proc/proc_dir.h"
#include "format/message.h"
#include "restorer/affinity.h"
#include "restorer/aio.h"
#include "restorer/fd/file_locks.h"
#include "restorer/fd/objects.h"
#include "restorer/fd/shell_terminal.h"
#include "restorer/finish.h"
#include "restorer/cgroups.h"
#include "restorer/dead_process.h"
#include "restorer/ghosts.h"
#include "restorer/ipc.h"
#include "restorer/job_control.h"
#include "restorer/locks.h"
#include "restorer/mapped_files.h"
#include "restorer/memory.h"
#include "restorer/plan.h"
#include "restorer/read.h"
#include "restorer/ring_maps.h"
#include "restorer/task/task_restorer.h"
#include "restorer/time_namespace.h"
#include "restorer/tree.h"
#include "restorer/wait.h"

static int stage_probe(struct restore *restore)
{
	const char *problem = proc_mount_problem(proc_mount_check());
	int r;

	if (problem) {
		blockers_add(&restore->blockers, "%s", problem);
		return 0;
	}
	r = kernel_probe(&restore->features);
	if (r < 0)
		return log_error_errno(r, "cannot find out what this kernel can do");
	r = own_credentials_read(&restore->own_credentials);
	if (r < 0)
		return log_error_errno(r, "cannot read the own credentials");
	/* Descriptors of all mapped files are open at once. */
	if (file_raise_limit() < 0)
		log_debug("cannot raise the limit of open files");
	/* What it was started with is not for what it restores. */
	(void)syscall(SYS_set_mempolicy, 0, NULL, 0);
	r = tracee_init();
	return r < 0 ? log_error_errno(r, "cannot prepare for tracing") : 0;
}

int restore_each_task(struct restore *restore, int (*step)(struct restore *restore, struct task *task))
{
	for (size_t i = 0; i < restore->tasks_count; i++) {
		int r;

		if (restore->tasks[i].image->zombie)
			continue;
		LOG_SCOPE("pid %d", restore->tasks[i].image->pid);
		r = step(restore, &restore->tasks[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

static int stage_images(struct restore *restore)
{
	return restore_read_images(restore, &restore->next_contents);
}

static int fill_member(struct restore *restore, const struct contents *contents, struct progress *progress,
		       uint64_t *done)
{
	if (contents->ghost)
		return ghosts_fill(restore, contents->ghost);
	if (contents->object)
		return objects_fill(restore, contents->object);
	LOG_SCOPE("pid %d", contents->task->image->pid);
	return memory_fill(contents->task, restore->reader, progress, done);
}

/* Members are taken as long as they are what this stage is for; the next one is kept. */
static int fill_members(struct restore *restore, enum contents_kind kind, const char *what, uint64_t total)
{
	struct archive_member *member = &restore->next_contents;
	struct progress progress;
	uint64_t done = 0;
	int r = 0;

	LOG_SCOPE("%s", restore_input_name(restore));
	progress_init(&progress, restore->options->progress, what, total);
	while (r == 0 && member->name && restore_contents_kind(member) == kind) {
		struct contents contents;

		r = restore_find_contents(restore, member, &contents);
		if (r == 0 && contents.task)
			r = tree_create_until(restore, contents.task);
		if (r == 0)
			r = fill_member(restore, &contents, &progress, &done);
		if (r == 0)
			r = archive_reader_next(restore->reader, member);
		if (r == 0)
			*member = (struct archive_member){0};
		r = MIN(r, 0);
	}
	progress_finish(&progress, done);
	return r;
}

/* Files that no path leads to, with their contents: when they are mapped, and run as programs, they have to
 * be complete. */
static int stage_ghosts(struct restore *restore)
{
	int r = ipc_create(restore);

	if (r == 0)
		r = ghosts_create(restore);
	if (r == 0)
		r = fill_members(restore, CONTENTS_GHOST, "reading deleted files", 0);
	return r < 0 ? r : ghosts_check_contents(restore);
}

static int stage_fill_memory(struct restore *restore)
{
	int r = fill_members(restore, CONTENTS_MEMORY, "reading memory", restore->manifest->stored_bytes);

	return r < 0 ? r : tree_settle(restore);
}

static int open_table(struct restore *restore, struct task *task)
{
	return task_owns(task, SHARED_FILES) ? objects_open_for_task(restore, task) : 0;
}

static int protect_and_thread(struct restore *restore, struct task *task)
{
	int r = task_owns(task, SHARED_MEMORY) ? aio_make(task) : 0;

	if (r < 0)
		return r;
	(void)puppet_batch(task_puppet(task));
	if (task_owns(task, SHARED_FILES))
		tree_add_controller(task);
	r = task_owns(task, SHARED_MEMORY) ? memory_add_protections(task) : 0;
	if (r == 0)
		r = puppet_run(task_puppet(task), "protecting its memory");
	return r < 0 ? r : tree_create_threads(restore, task);
}

/* Every process has all its threads and descriptors after it; a descriptor may be of a thread, pidfd_open(2).
 * What the kernel notes the maker of may be made in any process. */
static int stage_open(struct restore *restore)
{
	int r = restore_each_task(restore, protect_and_thread);

	if (r == 0)
		r = objects_prepare(restore);
	return r < 0 ? r : restore_each_task(restore, open_table);
}

/* After it the archive is known to be whole. */
static int stage_fill_files(struct restore *restore)
{
	int r = fill_members(restore, CONTENTS_OPEN_FILE, "reading open files", 0);

	if (r == 0 && restore->next_contents.name)
		r = log_error_errno(-EBADMSG, "member '%s' stands behind contents of open files",
				    restore->next_contents.name);
	return r < 0 ? r : restore_check_contents(restore);
}

/* Instead of creating anything: reads all contents, so that damage shows. */
static int stage_check_contents(struct restore *restore)
{
	size_t count;

	LOG_SCOPE("%s", restore_input_name(restore));
	return restore_skim_contents(restore, &restore->next_contents, &count);
}

/* What each process and thread has of its own. Any may refer to any other's, so one step is made with all
 * before the next. */
static int stage_rebuild(struct restore *restore)
{
	int r = restore_each_task(restore, job_control_continue);

	if (r == 0)
		r = restore_each_task(restore, ring_maps_make);
	if (r == 0)
		r = restore_each_task(restore, objects_finish_task);
	if (r == 0)
		r = restore_each_task(restore, file_locks_take);
	if (r == 0)
		r = file_locks_finish(restore);
	if (r == 0)
		r = objects_finish(restore);
	if (r == 0)
		r = ipc_fill(restore);
	if (r == 0)
		r = restore_each_task(restore, task_restorers_apply);
	if (r == 0)
		r = ghosts_finish(restore);
	dead_processes_end(restore);
	return r;
}

/* Children first: what they do when they stop must not reach a parent that has its own signals already. */
static int stage_finish(struct restore *restore)
{
	for (size_t i = restore->tasks_count; i-- > 0;) {
		int r;

		if (restore->tasks[i].image->zombie)
			continue;
		LOG_SCOPE("pid %d", restore->tasks[i].image->pid);
		r = finish_task(restore, &restore->tasks[i]);
		if (r < 0)
			return r;
	}
	return restore->options->pidfile ? wait_write_pidfile(restore) : 0;
}

static int stage_let_go(struct restore *restore)
{
	int r = shell_terminal_give(restore);

	if (r == 0)
		r = restore->pid_namespace->is_inside ? cgroups_move_self(restore) : 0;
	if (r == 0)
		r = pid_namespace_part(restore);
	if (r == 0)
		r = objects_let_go(restore);
	if (r == 0)
		r = restore_each_task(restore, finish_let_go);
	restore->is_done = r == 0;
	return r < 0 ? r : pid_namespace_tell_running(restore);
}

static void task_done(struct task *task)
{
	message_free(task->image ? &task->image->base : NULL);
	if (task->memory && task_owns(task, SHARED_MEMORY))
		message_free(&task->memory->base);
	if (task->descriptors && task_owns(task, SHARED_FILES))
		message_free(&task->descriptors->base);
	if (task->threads)
		free(task_puppet(task)->batch);
	free(task->mapping_states);
	free(task->kept_ends);
	free(task->mapped_fds);
	free(task->threads);
}

static void restore_done(struct restore *restore)
{
	for (size_t i = 0; i < restore->tasks_count; i++)
		task_done(&restore->tasks[i]);
	free(restore->tasks);
	vma_list_done(&restore->own_vmas);
	vma_list_done(&restore->copied_vmas.vmas);
	mapped_files_done(restore);
	file_locks_done(restore);
	objects_done(restore);
	ghosts_done(restore);
	cgroups_done(restore);
	ipc_done(restore);
	dead_processes_end(restore);
	plan_done(restore);
	message_free(restore->manifest ? &restore->manifest->base : NULL);
	archive_reader_free(restore->reader);
	close_fd(&restore->input_fd);
	own_credentials_done(&restore->own_credentials);
	blockers_done(&restore->blockers);
}

enum stage_use {
	STAGE_ALWAYS,
	STAGE_ONLY_CHECK,   /* of --check */
	STAGE_ONLY_RESTORE, /* creates: a failure kills what was made */
};

struct stage {
	const char *name;
	int (*run)(struct restore *restore);
	enum stage_use use;
};

static const struct stage stages[] = {
	{"probe", stage_probe, STAGE_ALWAYS},
	{"read the manifest", restore_read_manifest, STAGE_ALWAYS},
	{"read the images", stage_images, STAGE_ALWAYS},
	{"preflight", preflight_run, STAGE_ALWAYS},
	{"check the contents", stage_check_contents, STAGE_ONLY_CHECK},
	{"new pid namespace", pid_namespace_enter, STAGE_ONLY_RESTORE},
	{"time namespace", time_namespace_create, STAGE_ONLY_RESTORE},
	{"cgroups", cgroups_create, STAGE_ONLY_RESTORE},
	{"ghosts", stage_ghosts, STAGE_ONLY_RESTORE},
	{"create", tree_create, STAGE_ONLY_RESTORE},
	{"fill memory", stage_fill_memory, STAGE_ONLY_RESTORE},
	{"open files", stage_open, STAGE_ONLY_RESTORE},
	{"fill files", stage_fill_files, STAGE_ONLY_RESTORE},
	{"rebuild", stage_rebuild, STAGE_ONLY_RESTORE},
	{"finish", stage_finish, STAGE_ONLY_RESTORE},
	{"let go", stage_let_go, STAGE_ONLY_RESTORE},
};

static bool is_run(const struct stage *stage, enum restore_mode mode)
{
	return stage->use == STAGE_ALWAYS || (stage->use == STAGE_ONLY_CHECK) == (mode == RESTORE_MODE_CHECK);
}

static int exit_status_of(int error)
{
	return error == -EBADMSG ? EXIT_STATUS_BAD_ARCHIVE : EXIT_STATUS_FAILED;
}

static int run_stages(struct restore *restore)
{
	for (size_t i = 0; i < ARRAY_SIZE(stages); i++) {
		int r;

		if (!is_run(&stages[i], restore->options->mode))
			continue;
		log_debug("stage: %s", stages[i].name);
		r = interrupted() ? -EINTR : stages[i].run(restore);
		if (r == -EINTR)
			log_error("interrupted; nothing is left behind");
		if (r < 0) {
			blockers_report(&restore->blockers);
			tree_kill(restore);
			return exit_status_of(r);
		}
		if (r > 0) /* another process does the rest */
			return EXIT_STATUS_DONE;
		if (blockers_any(&restore->blockers)) {
			blockers_report(&restore->blockers);
			return EXIT_STATUS_REFUSED;
		}
	}
	return EXIT_STATUS_DONE;
}

static int run_mode(struct restore *restore)
{
	int status;

	switch (restore->options->mode) {
	case RESTORE_MODE_LIST:
		return inspect_list(restore);
	case RESTORE_MODE_INSPECT:
		return inspect_show(restore);
	case RESTORE_MODE_VERIFY:
		return inspect_verify(restore);
	case RESTORE_MODE_CHECK:
		return run_stages(restore);
	case RESTORE_MODE_LIST_LOCKS:
		return locks_list();
	case RESTORE_MODE_RESTORE:
		break;
	}
	if (restore->options->removed_lock)
		return locks_remove(restore->options->removed_lock);
	status = run_stages(restore);
	affinity_widen(restore);
	if (restore->pid_namespace->is_outside)
		return pid_namespace_wait(restore);
	if (restore->pid_namespace->is_inside)
		return status;
	if (status != EXIT_STATUS_DONE || restore->options->is_detached)
		return status;
	return wait_for_root(restore);
}

static int run_once(const struct restore_options *options, struct pid_namespace *pid_namespace)
{
	cleanup_(restore_done) struct restore restore = {
		.options = options, .pid_namespace = pid_namespace, .input_fd = -EBADF};

	return run_mode(&restore);
}

int restore_run(const struct restore_options *options)
{
	struct pid_namespace pid_namespace = PID_NAMESPACE_NONE;
	int status = run_once(options, &pid_namespace);

	/* It stays for as long as the program does, and needs nothing of all that any more. */
	if (pid_namespace.root != 0)
		return pid_namespace_run_init(&pid_namespace, options);
	return status;
}
