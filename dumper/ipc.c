/* SPDX-License-Identifier: MIT */
/* Semaphores and message queues of System V that the tree has used. */
#include "dumper/ipc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "format/ipc.h"
#include "format/layout.h"

#ifndef MSG_COPY
#define MSG_COPY 040000
#endif
#ifndef SEM_STAT_ANY
#define SEM_STAT_ANY 20
#endif
#ifndef MSG_STAT_ANY
#define MSG_STAT_ANY 13
#endif

/* Of all messages: with the rest of the image they have to stay below LAYOUT_IPC_SIZE_MAX. */
#define MESSAGES_SIZE_MAX (LAYOUT_IPC_SIZE_MAX / 2)

/* The clock may have been set meanwhile, by so much. */
#define CLOCK_STEP_SECONDS 60

union semun {
	int value;
	struct semid_ds *facts;
	unsigned short *values;
	struct seminfo *info;
};

struct survey {
	struct dump *dump;
	Cr__Ipc *ipc;
	struct id_map pids;    /* of the tree */
	struct id_map sets;    /* of which it has adjustments, or in which it waits */
	struct id_map queues;  /* in which it waits */
	int64_t start_seconds; /* when its first process was started, since 1970 */
	uint64_t message_bytes;
};

static void survey_done(struct survey *survey)
{
	id_map_done(&survey->pids);
	id_map_done(&survey->sets);
	id_map_done(&survey->queues);
}

static int64_t start_of(const struct process *root)
{
	struct timespec now, since_boot;

	clock_gettime(CLOCK_REALTIME, &now);
	clock_gettime(CLOCK_BOOTTIME, &since_boot);
	return now.tv_sec - since_boot.tv_sec + (int64_t)root->stat.start_ticks / sysconf(_SC_CLK_TCK);
}

/* A call that it was frozen in, and whose first argument is an id. */
static int note_wait(struct survey *survey, const struct thread *thread)
{
	uint64_t id = (uint32_t)registers_syscall_argument(&thread->registers, 0);

	switch (registers_syscall_number(&thread->registers)) {
	case SYS_semop:
	case SYS_semtimedop:
		return id_map_set(&survey->sets, id, 1);
	case SYS_msgsnd:
	case SYS_msgrcv:
		return id_map_set(&survey->queues, id, 1);
	default:
		return 0;
	}
}

static int look_at_processes(struct survey *survey)
{
	struct dump *dump = survey->dump;
	int r = 0;

	survey->start_seconds = start_of(&dump->processes[0]);
	for (size_t i = 0; r == 0 && i < dump->processes_count; i++) {
		const struct process *process = &dump->processes[i];

		r = id_map_set(&survey->pids, (uint64_t)process->pidref.pid, i);
		for (size_t k = 0; r == 0 && !process->is_zombie && k < process->threads_count; k++)
			r = note_wait(survey, &process->threads[k]);
	}
	return r;
}

static bool is_of_tree(const struct survey *survey, int32_t pid)
{
	return pid > 0 && id_map_get(&survey->pids, (uint64_t)pid, NULL);
}

/* Nobody has used it, which is all that tells whose it is: it was made in the time of the tree, and by its
 * user. */
static bool may_be_made_by_tree(const struct survey *survey, const struct ipc_perm *perm, int64_t change_time)
{
	const struct dump *dump = survey->dump;

	if (change_time < survey->start_seconds)
		return false;
	for (size_t i = 0; i < dump->processes_count; i++) {
		const struct status *status = &dump->processes[i].status;

		if (!dump->processes[i].is_zombie && status->uids[1] == perm->cuid &&
		    status->gids[1] == perm->cgid)
			return true;
	}
	return false;
}

static void refuse(struct survey *survey, const char *what, int id)
{
	blockers_add(&survey->dump->blockers, "%s %d, which it uses, cannot be read: %s%s", what, id,
		     strerror(errno), errno == EACCES ? " (run cr-dump as root)" : "");
}

/* 1: it is the tree's, and its image is complete; 0: it is not, or a blocker was added. */
static int look_at_set(struct survey *survey, int id, const struct semid_ds *facts, Cr__SemaphoreSet *set)
{
	size_t count = facts->sem_nsems;
	cleanup_free unsigned short *values = calloc(count + 1, sizeof(*values));
	bool is_ours = id_map_get(&survey->sets, (uint64_t)id, NULL), is_unused = facts->sem_otime == 0;
	bool is_readable;

	set->values = arena_array(&survey->dump->arena, uint32_t, count);
	set->pids = arena_array(&survey->dump->arena, int32_t, count);
	if (!values || !set->values || !set->pids)
		return -ENOMEM;
	is_readable = semctl(id, 0, GETALL, (union semun){.values = values}) == 0;
	for (size_t i = 0; is_readable && i < count; i++) {
		set->pids[i] = MAX(semctl(id, (int)i, GETPID), 0);
		set->values[i] = values[i];
		is_ours |= is_of_tree(survey, set->pids[i]);
		is_unused &= set->pids[i] == 0;
	}
	if (!is_readable && is_ours)
		refuse(survey, "semaphore set", id);
	if (!is_readable ||
	    !(is_ours || (is_unused && may_be_made_by_tree(survey, &facts->sem_perm, facts->sem_ctime))))
		return 0;
	set->n_values = set->n_pids = count;
	set->id = id;
	set->key = facts->sem_perm.__key;
	set->mode = facts->sem_perm.mode & 0777U;
	set->uid = facts->sem_perm.uid;
	set->gid = facts->sem_perm.gid;
	set->creator_uid = facts->sem_perm.cuid;
	return 1;
}

static int compare_sets(const void *left, const void *right)
{
	const Cr__SemaphoreSet *const *a = left, *const *b = right;

	return ((*a)->id > (*b)->id) - ((*a)->id < (*b)->id);
}

static int collect_sets(struct survey *survey)
{
	struct arena *arena = &survey->dump->arena;
	Cr__Ipc *ipc = survey->ipc;
	struct seminfo info;
	int last = semctl(0, 0, SEM_INFO, (union semun){.info = &info});

	if (last < 0)
		return errno == ENOSYS ? 0 : -errno;
	ipc->sets = arena_array(arena, Cr__SemaphoreSet *, (size_t)last + 1);
	if (!ipc->sets)
		return -ENOMEM;
	for (int index = 0; index <= last; index++) {
		struct semid_ds facts;
		int id = semctl(index, 0, SEM_STAT_ANY, (union semun){.facts = &facts}), r;
		Cr__SemaphoreSet *set;

		if (id < 0)
			continue;
		set = arena_new(arena, Cr__SemaphoreSet);
		if (!set)
			return -ENOMEM;
		cr__semaphore_set__init(set);
		r = look_at_set(survey, id, &facts, set);
		if (r < 0)
			return r;
		if (r > 0)
			ipc->sets[ipc->n_sets++] = set;
	}
	qsort(ipc->sets, ipc->n_sets, sizeof(*ipc->sets), compare_sets);
	return 0;
}

/* One message, without taking it; 1: there is none of that number. */
static int copy_message(struct survey *survey, int id, size_t number, Cr__QueuedMessage **ret_message)
{
	struct arena *arena = &survey->dump->arena;
	Cr__QueuedMessage *message = arena_new(arena, Cr__QueuedMessage);
	size_t capacity = 8192;

	if (!message)
		return -ENOMEM;
	cr__queued_message__init(message);
	for (;;) {
		cleanup_free struct msgbuf *buffer = malloc(sizeof(long) + capacity);
		ssize_t size;

		if (!buffer)
			return -ENOMEM;
		size = msgrcv(id, buffer, capacity, (long)number, MSG_COPY | IPC_NOWAIT);
		if (size < 0 && errno == E2BIG && capacity < IPC_MESSAGE_SIZE_MAX) {
			capacity *= 2;
			continue;
		}
		if (size < 0)
			return errno == ENOMSG ? 1 : -errno;
		message->type = buffer->mtype;
		message->text = arena_bytes(arena, buffer->mtext, (size_t)size);
		if (size > 0 && !message->text.data)
			return -ENOMEM;
		survey->message_bytes += (uint64_t)size + 64;
		*ret_message = message;
		return 0;
	}
}

/* 1: a blocker was added. */
static int copy_messages(struct survey *survey, size_t count, Cr__MessageQueue *queue)
{
	int r = 0;

	queue->messages = arena_array(&survey->dump->arena, Cr__QueuedMessage *, count);
	if (!queue->messages)
		return -ENOMEM;
	while (r == 0 && queue->n_messages < count && survey->message_bytes < MESSAGES_SIZE_MAX) {
		r = copy_message(survey, queue->id, queue->n_messages, &queue->messages[queue->n_messages]);
		if (r == 0)
			queue->n_messages++;
	}
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		errno = -r;
		refuse(survey, "message queue", queue->id);
	} else if (queue->n_messages < count && r == 0) {
		blockers_add(&survey->dump->blockers,
			     "message queue %d, which it uses, holds more than can be preserved: let the "
			     "messages be received",
			     queue->id);
	}
	/* Others may receive meanwhile: then there are fewer. */
	return r >= 0 && (r > 0 || queue->n_messages == count) ? 0 : 1;
}

static bool is_queue_of_tree(struct survey *survey, int id, const struct msqid_ds *facts)
{
	if (is_of_tree(survey, facts->msg_lspid) || is_of_tree(survey, facts->msg_lrpid) ||
	    id_map_get(&survey->queues, (uint64_t)id, NULL))
		return true;
	return facts->msg_lspid == 0 && facts->msg_lrpid == 0 &&
	       may_be_made_by_tree(survey, &facts->msg_perm, facts->msg_ctime);
}

static int collect_queue(struct survey *survey, int id, const struct msqid_ds *facts)
{
	Cr__MessageQueue *queue = arena_new(&survey->dump->arena, Cr__MessageQueue);
	int r;

	if (!queue)
		return -ENOMEM;
	cr__message_queue__init(queue);
	queue->id = id;
	queue->key = facts->msg_perm.__key;
	queue->mode = facts->msg_perm.mode & 0777U;
	queue->uid = facts->msg_perm.uid;
	queue->gid = facts->msg_perm.gid;
	queue->creator_uid = facts->msg_perm.cuid;
	queue->size_limit = facts->msg_qbytes;
	queue->sender = facts->msg_lspid;
	queue->receiver = facts->msg_lrpid;
	queue->send_time = facts->msg_stime;
	queue->receive_time = facts->msg_rtime;
	r = copy_messages(survey, facts->msg_qnum, queue);
	if (r == 0)
		survey->ipc->queues[survey->ipc->n_queues++] = queue;
	return MIN(r, 0);
}

static int compare_queues(const void *left, const void *right)
{
	const Cr__MessageQueue *const *a = left, *const *b = right;

	return ((*a)->id > (*b)->id) - ((*a)->id < (*b)->id);
}

static int collect_queues(struct survey *survey)
{
	Cr__Ipc *ipc = survey->ipc;
	struct msginfo info;
	int last = msgctl(0, MSG_INFO, (struct msqid_ds *)&info);

	if (last < 0)
		return errno == ENOSYS ? 0 : -errno;
	ipc->queues = arena_array(&survey->dump->arena, Cr__MessageQueue *, (size_t)last + 1);
	if (!ipc->queues)
		return -ENOMEM;
	for (int index = 0; index <= last; index++) {
		struct msqid_ds facts;
		int id = msgctl(index, MSG_STAT_ANY, &facts);
		int r = id >= 0 && is_queue_of_tree(survey, id, &facts) ? collect_queue(survey, id, &facts)
									: 0;

		if (r < 0)
			return r;
	}
	qsort(ipc->queues, ipc->n_queues, sizeof(*ipc->queues), compare_queues);
	return 0;
}

/* Adjustments of sets that are gone by now are of no use. */
static void drop_undos_of_others(Cr__Ipc *ipc)
{
	size_t kept = 0;

	for (size_t i = 0; i < ipc->n_undos; i++) {
		const Cr__SemaphoreSet *set = ipc_find_set(ipc, ipc->undos[i]->set_id);

		if (set && set->n_values == ipc->undos[i]->n_adjustments)
			ipc->undos[kept++] = ipc->undos[i];
	}
	ipc->n_undos = kept;
}

/*
 * To look into the kernel's memory takes its time, and the program is frozen. What is to be undone was done
 * by a process of the tree, and so after that was started, as the time of a set's last operation tells.
 */
static bool may_have_undos(const struct survey *survey)
{
	struct seminfo info;
	int last = semctl(0, 0, SEM_INFO, (union semun){.info = &info});

	for (int index = 0; index <= last && info.semusz > 0; index++) {
		struct semid_ds facts;

		if (semctl(index, 0, SEM_STAT_ANY, (union semun){.facts = &facts}) >= 0 &&
		    facts.sem_otime >= survey->start_seconds - CLOCK_STEP_SECONDS)
			return true;
	}
	return false;
}

int ipc_collect(struct dump *dump)
{
	cleanup_(survey_done) struct survey survey = {.dump = dump, .ipc = arena_new(&dump->arena, Cr__Ipc)};
	int r;

	if (!survey.ipc)
		return log_error_errno(-ENOMEM, "cannot note semaphores and message queues");
	cr__ipc__init(survey.ipc);
	survey.ipc->namespace_inode = dump->own.namespaces.inodes[NS_LINK_IPC];
	r = look_at_processes(&survey);
	if (r == 0 && may_have_undos(&survey)) {
		r = ipc_undo_collect(dump, survey.ipc, &survey.sets);
		if (r < 0)
			return r;
	}
	if (r == 0)
		r = collect_sets(&survey);
	if (r == 0)
		r = collect_queues(&survey);
	if (r < 0)
		return log_error_errno(r, "cannot look at semaphores and message queues");
	drop_undos_of_others(survey.ipc);
	dump->ipc = survey.ipc;
	return 0;
}

int ipc_write(struct dump *dump)
{
	const Cr__Ipc *ipc = dump->ipc;

	if (ipc->n_sets == 0 && ipc->n_queues == 0)
		return 0;
	return archive_writer_message(dump->writer, LAYOUT_IPC, &ipc->base);
}
