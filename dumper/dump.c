/* SPDX-License-Identifier: MIT */
/* The stages of a dump. Each is undone by tree_done() and archive_file_free(), whatever happens in between.
 */
#include "dumper/dump.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/exit_status.h"
#include "common/file.h"
#include "common/interrupt.h"
#include "common/log.h"
#include "common/proc/proc_dir.h"
#include "common/vector.h"
#include "dumper/dead_leader.h"
#include "dumper/aio.h"
#include "dumper/cgroups.h"
#include "dumper/ring_maps.h"
#include "dumper/fd/open_files.h"
#include "dumper/ghosts.h"
#include "dumper/holders.h"
#include "dumper/ipc.h"
#include "dumper/manifest.h"
#include "dumper/memory.h"
#include "dumper/refusal_json.h"
#include "dumper/order.h"
#include "dumper/sharing.h"
#include "dumper/sysv.h"
#include "dumper/task/task_dumper.h"
#include "dumper/task/zombie.h"
#include "dumper/tree.h"
#include "dumper/tree_end.h"
#include "format/archive_file.h"
#include "format/layout.h"

static void dump_done(struct dump *dump)
{
	open_files_release(dump);
	tree_done(dump);
	open_files_done(dump);
	holders_done(dump);
	ghosts_done(dump);
	cgroups_done(dump);
	landlock_witnesses_done(dump);
	free(dump->files);
	id_map_done(&dump->files_by_path);
	id_map_done(&dump->processes_by_tid);
	free(dump->external_unix_sockets);
	free(dump->external_files);
	status_done(&dump->own.status);
	free(dump->own.label);
	blockers_done(&dump->blockers);
	arena_done(&dump->arena);
}

static int own_state_read(struct own_state *own)
{
	cleanup_close int proc_fd = -EBADF;
	int r = proc_open(getpid(), &proc_fd);

	if (r == 0)
		r = ns_links_read(proc_fd, NS_LINKS_ALL, &own->namespaces);
	if (r == 0)
		r = status_read(proc_fd, &own->status);
	if (r == 0)
		own->label = proc_read_label(proc_fd);
	return r;
}

/* What this kernel and this user can do. */
static int stage_probe(struct dump *dump)
{
	const char *problem = proc_mount_problem(proc_mount_check());
	int r;

	if (problem) {
		blockers_add(&dump->blockers, "%s", problem);
		return 0;
	}
	r = kernel_probe(&dump->features);
	if (r < 0)
		return log_error_errno(r, "cannot find out what this kernel can do");
	r = own_state_read(&dump->own);
	if (r < 0)
		return log_error_errno(r, "cannot read /proc/self");
	/* Each process, each deleted file, and what is found in queues of sockets, takes some. */
	if (file_raise_limit() < 0)
		log_debug("cannot raise the limit of open files");
	if (!dump->features.has_pidfd_getfd)
		return log_error_errno(-ENOSYS, "this kernel lacks pidfd_getfd(2) (Linux 5.6)");
	return tree_check_root(dump);
}

static int new_summary(struct dump *dump, struct process *process)
{
	Cr__ProcessSummary *summary = arena_new(&dump->arena, Cr__ProcessSummary);

	if (!summary)
		return -ENOMEM;
	cr__process_summary__init(summary);
	process->summary = summary;
	summary->tids = arena_array(&dump->arena, int32_t, process->threads_count + 1);
	if (!summary->tids)
		return -ENOMEM;
	if (process->has_dead_leader)
		summary->tids[summary->n_tids++] = process->pidref.pid;
	for (size_t i = 0; i < process->threads_count; i++)
		summary->tids[summary->n_tids++] = process->threads[i].tracee.tid;
	summary->pid = process->pidref.pid;
	summary->ppid = process->stat.ppid;
	summary->comm = process->status.name;
	return 0;
}

/* What several processes may have together is collected with the first. */
static int collect_shared(struct dump *dump, struct process *process)
{
	int r = 0;

	if (sharing_is_owner(dump, process, SHARED_MEMORY))
		r = memory_collect(dump, process);
	else
		process->memory = dump->processes[process->owners[SHARED_MEMORY]].memory;
	if (r < 0)
		return r;
	if (sharing_is_owner(dump, process, SHARED_FILES))
		return open_files_collect(dump, process);
	process->descriptors = dump->processes[process->owners[SHARED_FILES]].descriptors;
	return 0;
}

static int32_t owner_pid(const struct dump *dump, const struct process *process,
			 enum shared_resource resource)
{
	return dump->processes[process->owners[resource]].pidref.pid;
}

static int collect_process(struct dump *dump, struct process *process)
{
	int r;

	LOG_SCOPE("pid %d (%s)", (int)process->pidref.pid, process->status.name);
	r = new_summary(dump, process);
	if (r < 0)
		return log_error_errno(r, "cannot note the process");
	if (process->is_zombie)
		return zombie_collect(dump, process);
	r = collect_shared(dump, process);
	if (r == 0)
		r = task_dumpers_collect(dump, process);
	if (r < 0)
		return r;
	process->image->mm_id = owner_pid(dump, process, SHARED_MEMORY);
	process->image->fd_table_id = owner_pid(dump, process, SHARED_FILES);
	process->image->fs_id = owner_pid(dump, process, SHARED_FS);
	process->image->handlers_id = owner_pid(dump, process, SHARED_HANDLERS);
	return 0;
}

/* All that can be asked from outside of the frozen tasks. */
static int stage_collect(struct dump *dump)
{
	int r = order_processes(dump);

	for (size_t i = 0; r == 0 && i < dump->processes_count; i++)
		r = collect_process(dump, &dump->processes[i]);
	return r;
}

/* Whether what was collected makes a whole. */
static int stage_check(struct dump *dump)
{
	int r = sysv_check(dump);

	if (r == 0)
		r = ipc_collect(dump);
	if (r == 0)
		r = ghosts_check(dump);
	if (r == 0)
		r = open_files_check(dump);
	if (r == 0)
		r = ring_maps_check(dump);
	return r < 0 ? r : aio_collect(dump);
}

/* What only the tasks themselves can ask. */
static int stage_ask(struct dump *dump)
{
	for (size_t i = 0; i < dump->processes_count; i++) {
		struct process *process = &dump->processes[i];
		int r;

		if (process->is_zombie)
			continue;
		LOG_SCOPE("pid %d (%s)", (int)process->pidref.pid, process->status.name);
		r = task_dumpers_ask(dump, process);
		if (r == 0)
			r = dead_leader_add_image(dump, process);
		if (r == 0 && sharing_is_owner(dump, process, SHARED_MEMORY))
			r = pages_collect(dump, process);
		if (r < 0)
			return r;
	}
	return open_files_asked(dump);
}

static int write_process(struct dump *dump, const struct process *process)
{
	char name[LAYOUT_NAME_SIZE];
	int r;

	r = archive_writer_message(dump->writer, layout_name(name, LAYOUT_TASK_FORMAT, process->pidref.pid),
				   &process->image->base);
	if (process->is_zombie)
		return r;
	if (r == 0 && sharing_is_owner(dump, process, SHARED_MEMORY))
		r = archive_writer_message(dump->writer,
					   layout_name(name, LAYOUT_MEMORY_FORMAT, process->pidref.pid),
					   &process->memory->base);
	if (r == 0 && sharing_is_owner(dump, process, SHARED_FILES))
		r = archive_writer_message(
			dump->writer, layout_name(name, LAYOUT_FD_TABLE_FORMAT, process->descriptors->id),
			&process->descriptors->base);
	return r;
}

static int write_pages(struct dump *dump)
{
	struct progress progress;
	uint64_t done = 0;
	int r = archive_writer_flush_frame(dump->writer);

	progress_init(&progress, dump->options->progress, "writing memory", dump->manifest->stored_bytes);
	for (size_t i = 0; r == 0 && i < dump->processes_count; i++)
		if (dump->processes[i].summary->stored_bytes > 0)
			r = pages_write(dump, &dump->processes[i], &progress, &done);
	progress_finish(&progress, done);
	return r;
}

static int write_archive(struct dump *dump)
{
	int r = archive_writer_message(dump->writer, LAYOUT_MANIFEST, &dump->manifest->base);

	for (size_t i = 0; r == 0 && i < dump->processes_count; i++)
		r = write_process(dump, &dump->processes[i]);
	if (r == 0)
		r = ipc_write(dump);
	if (r == 0)
		r = ghosts_write(dump);
	if (r == 0)
		r = open_files_write(dump);
	if (r == 0)
		r = ghosts_write_contents(dump);
	if (r == 0)
		r = write_pages(dump);
	if (r == 0)
		r = open_files_write_contents(dump);
	/* All has been read: a tree that is to go on need not wait for the rest of the writing. */
	if (r == 0)
		open_files_release(dump);
	if (r == 0 && dump->options->aftermath == DUMP_AFTERMATH_LEAVE_RUNNING)
		tree_thaw(dump);
	return r < 0 ? r : archive_writer_finish(dump->writer);
}

/* The archive, under a temporary name until it is whole. */
static int stage_write(struct dump *dump)
{
	cleanup_(archive_file_freep) struct archive_file *file = NULL;
	cleanup_(archive_writer_freep) struct archive_writer *writer = NULL;
	int r = archive_file_create(dump->options->output, &file);

	if (r < 0)
		return r;
	r = archive_writer_new(
		&(struct archive_writer_options){
			.fd = archive_file_fd(file),
			.name = archive_file_name(file),
			.level = dump->options->level,
			.thread_count = dump->options->thread_count,
		},
		&writer);
	if (r < 0)
		return r;
	dump->writer = writer;
	r = write_archive(dump);
	dump->writer = NULL;
	return r < 0 ? r : archive_file_commit(file);
}

/* What becomes of the tree: from here on the archive exists. */
static int stage_let_go(struct dump *dump)
{
	int r;

	if (dump->options->aftermath == DUMP_AFTERMATH_LEAVE_RUNNING)
		return 0;
	r = open_files_before_end(dump);
	if (r == 0)
		r = dump->options->aftermath == DUMP_AFTERMATH_KILL ? tree_kill(dump) : tree_stop(dump);
	return r < 0 ? r : open_files_after_end(dump);
}

struct stage {
	const char *name;
	int (*run)(struct dump *dump);
	bool ends_collecting; /* blockers found so far are reported after it, and end the run */
	bool is_for_check;    /* is run with --check as well */
	bool is_too_late;     /* to be interrupted: the archive exists */
};

static int stage_manifest(struct dump *dump)
{
	int r;

	for (size_t i = 0; i < dump->processes_count; i++)
		dump->manifest->stored_bytes += dump->processes[i].summary->stored_bytes;
	r = cgroups_collect(dump);
	return r < 0 ? r : manifest_collect(dump, dump->argc, dump->argv);
}

static const struct stage stages[] = {
	{"probe", stage_probe, true, true, false},      {"freeze", tree_freeze, false, true, false},
	{"collect", stage_collect, false, true, false}, {"check", stage_check, true, true, false},
	{"ask", stage_ask, true, true, false},          {"manifest", stage_manifest, false, false, false},
	{"write", stage_write, false, false, false},    {"let go", stage_let_go, false, false, true},
};

static int run_stages(struct dump *dump)
{
	for (size_t i = 0; i < ARRAY_SIZE(stages); i++) {
		int r;

		if (dump->options->is_check && !stages[i].is_for_check)
			continue;
		log_debug("stage: %s", stages[i].name);
		r = interrupted() && !stages[i].is_too_late ? -EINTR : stages[i].run(dump);
		if (r == -EINTR && interrupted())
			log_error("interrupted; the program goes on as before");
		if (r < 0) {
			bool is_refused = r == -ECANCELED && blockers_any(&dump->blockers);

			blockers_report(&dump->blockers);
			return is_refused ? EXIT_STATUS_REFUSED : EXIT_STATUS_FAILED;
		}
		if (stages[i].ends_collecting && blockers_any(&dump->blockers)) {
			blockers_report(&dump->blockers);
			return EXIT_STATUS_REFUSED;
		}
	}
	return EXIT_STATUS_DONE;
}

int dump_run(const struct dump_options *options, int argc, char **argv)
{
	cleanup_(dump_done) struct dump dump = {.options = options, .argc = argc, .argv = argv};
	int status;

	dump.manifest = arena_new(&dump.arena, Cr__Manifest);
	if (!dump.manifest) {
		log_error("cannot begin: memory is short");
		return EXIT_STATUS_FAILED;
	}
	cr__manifest__init(dump.manifest);
	status = run_stages(&dump);
	if (options->is_json && refusal_json_print(&dump, status) < 0 && status == EXIT_STATUS_DONE)
		status = EXIT_STATUS_FAILED;
	return status;
}
