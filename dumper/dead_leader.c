/* SPDX-License-Identifier: MIT */
/* Processes whose main thread has exited while others live. */
#include "dumper/dead_leader.h"

#include <errno.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/proc/proc_dir.h"

/* Threads are listed by id, and that of the main thread need not be the smallest. */
static void put_leader_first(struct process *process)
{
	for (size_t i = 1; i < process->threads_count; i++) {
		struct thread first = process->threads[0];

		if (process->threads[i].tracee.tid != process->pidref.pid)
			continue;
		process->threads[0] = process->threads[i];
		process->threads[i] = first;
		return;
	}
}

int dead_leader_replace(struct process *process)
{
	pid_t tid;
	cleanup_(pidref_done) struct pidref pidref = PIDREF_NULL;
	cleanup_close int proc_fd = -EBADF;
	int r;

	put_leader_first(process);
	tid = process->threads[0].tracee.tid;
	if (tid == process->pidref.pid)
		return 0;
	r = stat_read(process->proc_fd, &process->leader_stat);
	if (r == 0)
		r = proc_open(tid, &proc_fd);
	if (r == 0)
		r = pidref_open_thread(tid, &pidref);
	if (r < 0)
		return log_error_errno(r, "cannot look at its thread %d", (int)tid);
	close_fd(&process->proc_fd);
	process->proc_fd = take_fd(&proc_fd);
	close_fd(&process->pidref.fd);
	process->pidref.fd = take_fd(&pidref.fd);
	process->has_dead_leader = true;
	return 0;
}

int dead_leader_add_image(struct dump *dump, struct process *process)
{
	const struct stat_info *stat = &process->leader_stat;
	Cr__Process *image = process->image;
	Cr__Thread *leader, **threads;

	if (!process->has_dead_leader)
		return 0;
	leader = arena_copy(&dump->arena, image->threads[0], sizeof(*leader));
	threads = arena_array(&dump->arena, Cr__Thread *, image->n_threads + 1);
	if (!leader || !threads)
		return log_error_errno(-ENOMEM, "cannot describe its main thread");
	leader->tid = process->pidref.pid;
	leader->comm = arena_bytes(&dump->arena, stat->comm, MIN(strlen(stat->comm), (size_t)15));
	leader->has_exited = true;
	leader->exit_status = stat->exit_code;
	/* What an exit has undone, or would act upon. */
	leader->restart = NULL;
	leader->n_pending = 0;
	leader->clear_child_tid = leader->robust_list = leader->robust_list_size = 0;
	leader->rseq = NULL;
	leader->alternate_stack = NULL;
	leader->parent_death_signal = 0;
	threads[0] = leader;
	memcpy(threads + 1, image->threads, image->n_threads * sizeof(*threads));
	image->threads = threads;
	image->n_threads++;
	return 0;
}
