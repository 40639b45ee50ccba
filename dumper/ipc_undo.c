/* SPDX-License-Identifier: MIT */
/* What the kernel is to do to semaphores when processes of the tree end (semop(2), SEM_UNDO). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sem.h>

#include "common/log.h"
#include "common/semaphore_undo.h"
#include "dumper/ipc.h"
#include "format/ipc.h"

static size_t count_semaphores(int32_t set_id)
{
	struct semid_ds facts;

	return semctl(set_id, 0, IPC_STAT, &facts) < 0 ? 0 : facts.sem_nsems;
}

static int add(struct dump *dump, Cr__Ipc *ipc, size_t *capacity, pid_t pid,
	       const struct semaphore_undo *undo)
{
	Cr__SemaphoreUndo *image = arena_new(&dump->arena, Cr__SemaphoreUndo);

	if (ipc->n_undos == *capacity) {
		size_t wanted = MAX(*capacity * 2, (size_t)16);
		Cr__SemaphoreUndo **undos = arena_array(&dump->arena, Cr__SemaphoreUndo *, wanted);

		if (!undos)
			return -ENOMEM;
		if (ipc->n_undos > 0)
			memcpy(undos, ipc->undos, ipc->n_undos * sizeof(*undos));
		ipc->undos = undos;
		*capacity = wanted;
	}
	if (!image)
		return -ENOMEM;
	cr__semaphore_undo__init(image);
	image->pid = pid;
	image->set_id = undo->set_id;
	image->n_adjustments = undo->count;
	image->adjustments = arena_array(&dump->arena, int32_t, undo->count);
	if (!image->adjustments)
		return -ENOMEM;
	for (size_t i = 0; i < undo->count; i++)
		image->adjustments[i] = undo->adjustments[i];
	ipc->undos[ipc->n_undos++] = image;
	return 0;
}

/* What is the same list for several threads or processes cannot be made again as that, or not yet. */
static int check(struct dump *dump, const struct process *process, const struct semaphore_undo_list *list,
		 struct id_map *owners)
{
	uint64_t owner;

	if (list->undos_count == 0)
		return 0;
	if (list->is_split)
		blockers_add(
			&dump->blockers,
			"has threads with adjustments of semaphores of their own (SEM_UNDO), which cannot "
			"be preserved yet");
	if (id_map_get(owners, list->identity, &owner)) {
		blockers_add(
			&dump->blockers,
			"shares adjustments of semaphores (SEM_UNDO, CLONE_SYSVSEM) with process %d, which "
			"cannot be preserved yet",
			(int)owner);
		return 0;
	}
	return id_map_set(owners, list->identity, (uint64_t)process->pidref.pid);
}

static int collect_process(struct dump *dump, struct semaphore_undo_reader *reader,
			   const struct process *process, Cr__Ipc *ipc, size_t *capacity,
			   struct id_map *owners, struct id_map *sets)
{
	cleanup_(semaphore_undo_list_done) struct semaphore_undo_list list = {0};
	int r = semaphore_undo_read(reader, process->pidref.fd, count_semaphores, &list);

	if (r < 0)
		return log_error_errno(r, "cannot look at its adjustments of semaphores");
	r = check(dump, process, &list, owners);
	for (size_t i = 0; r == 0 && i < list.undos_count; i++) {
		r = add(dump, ipc, capacity, process->pidref.pid, &list.undos[i]);
		if (r == 0)
			r = id_map_set(sets, (uint64_t)list.undos[i].set_id, 1);
	}
	return r < 0 ? log_error_errno(r, "cannot note its adjustments of semaphores") : 0;
}

int ipc_undo_collect(struct dump *dump, Cr__Ipc *ipc, struct id_map *sets)
{
	cleanup_(semaphore_undo_reader_freep) struct semaphore_undo_reader *reader = NULL;
	cleanup_(id_map_done) struct id_map owners = {0};
	size_t capacity = 0;
	int r = semaphore_undo_open(&reader);

	if (r == -ENOMEM)
		return log_error_errno(r, "cannot look at adjustments of semaphores");
	if (r < 0) {
		log_warning("whether the kernel is to undo what the program does to semaphores when it ends "
			    "(SEM_UNDO) cannot be told%s: after the restore it will not",
			    r == -EPERM ? " without CAP_BPF and CAP_PERFMON" : "");
		return 0;
	}
	for (size_t i = 0; i < dump->processes_count; i++) {
		const struct process *process = &dump->processes[i];

		if (process->is_zombie)
			continue;
		LOG_SCOPE("pid %d (%s)", (int)process->pidref.pid, process->status.name);
		r = collect_process(dump, reader, process, ipc, &capacity, &owners, sets);
		if (r < 0)
			return r;
	}
	return 0;
}
