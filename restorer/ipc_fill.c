/* SPDX-License-Identifier: MIT */
/* What semaphores and message queues hold, and what is to be undone when a process ends. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/syscall.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "format/ipc.h"
#include "restorer/ipc.h"

/* Of what a process sends or receives to be the last that did: for longer ones it is cr-restore. */
#define PUPPET_MESSAGE_MAX ((size_t)32 * 1024)

union semun {
	int value;
	unsigned short *values;
};

/* A call of TASK that must succeed. */
static int call(struct task *task, long number, const uint64_t arguments[6], const char *what)
{
	struct puppet *puppet = task_puppet(task);
	struct batch *batch = puppet_batch(puppet);

	LOG_SCOPE("pid %d", task->image->pid);
	(void)batch_add(batch, number, EXECUTOR_CALL_MUST_SUCCEED, arguments);
	return puppet_run(puppet, what);
}

/* By who changed it last, if that can act; so that it is still known whose it is. */
static int set_value(struct restore *restore, const Cr__SemaphoreSet *set, size_t index)
{
	struct task *actor = ipc_find_actor(restore, set->pids[index]);

	if (set->pids[index] == 0 && set->values[index] == 0)
		return 0;
	if (!actor)
		actor = &restore->tasks[0];
	return call(actor, SYS_semctl,
		    (const uint64_t[6]){(uint64_t)set->id, index, SETVAL, set->values[index]},
		    "setting a semaphore");
}

/* In a new pid namespace, what was outside has no id. */
static bool may_be_of_archive(struct restore *restore, int pid)
{
	uint64_t index;

	return pid <= 0 || id_map_get(&restore->tasks_by_pid, (uint64_t)pid, &index);
}

static int fill_set(struct restore *restore, const Cr__SemaphoreSet *set, enum ipc_state state)
{
	cleanup_free unsigned short *values = calloc(set->n_values, sizeof(*values));
	int r = 0;

	if (!values)
		return log_error_errno(-ENOMEM, "cannot set semaphores");
	if (state == IPC_CHANGED && semctl(set->id, 0, GETALL, (union semun){.values = values}) < 0)
		return log_error_errno(-errno, "cannot look at semaphore set %d", set->id);
	for (size_t i = 0; r == 0 && i < set->n_values; i++) {
		int pid = state == IPC_CHANGED ? semctl(set->id, (int)i, GETPID) : 0;

		if (state == IPC_MADE || (values[i] != set->values[i] && may_be_of_archive(restore, pid)))
			r = set_value(restore, set, i);
	}
	return r;
}

/*
 * The kernel counts what a process does with SEM_UNDO against it: one operation that is counted and one that
 * takes it back leave the value as it is. The one that adds comes first, unless that would be too much.
 */
static int add_undo(struct task *task, int set_id, unsigned short index, int adjustment, int value)
{
	struct sembuf operations[] = {
		{.sem_num = index, .sem_op = (short)-adjustment, .sem_flg = SEM_UNDO | IPC_NOWAIT},
		{.sem_num = index, .sem_op = (short)adjustment, .sem_flg = IPC_NOWAIT},
	};
	bool is_swapped = adjustment > 0; /* then the counted one takes */
	struct puppet *puppet = task_puppet(task);
	struct batch *batch = puppet_batch(puppet);

	if (value + abs(adjustment) > IPC_VALUE_MAX)
		is_swapped = !is_swapped;
	if (is_swapped) {
		const struct sembuf first = operations[0];

		operations[0] = operations[1];
		operations[1] = first;
	}
	(void)batch_call(batch, SYS_semop, (uint64_t)set_id,
			 batch_data(batch, operations, sizeof(operations)), ARRAY_SIZE(operations));
	return puppet_run(puppet, "noting what is to be done to a semaphore at its end");
}

static int add_undos(struct restore *restore, const Cr__SemaphoreUndo *undo)
{
	struct task *task = ipc_find_actor(restore, undo->pid);
	int r = 0;

	LOG_SCOPE("pid %d", undo->pid);
	for (size_t i = 0; r == 0 && i < undo->n_adjustments; i++) {
		int value = undo->adjustments[i] ? semctl(undo->set_id, (int)i, GETVAL) : 0;

		if (value < 0)
			return log_error_errno(-errno, "cannot look at semaphore set %d", undo->set_id);
		if (undo->adjustments[i])
			r = add_undo(task, undo->set_id, (unsigned short)i, undo->adjustments[i], value);
	}
	return r;
}

static int drain(const Cr__MessageQueue *queue)
{
	cleanup_free struct msgbuf *buffer = malloc(sizeof(long) + 1);

	if (!buffer)
		return log_error_errno(-ENOMEM, "cannot empty message queue %d", queue->id);
	while (msgrcv(queue->id, buffer, 1, 0, IPC_NOWAIT | MSG_NOERROR) >= 0)
		;
	return errno == ENOMSG ? 0 : log_error_errno(-errno, "cannot empty message queue %d", queue->id);
}

static int send_by(struct task *task, int id, const Cr__QueuedMessage *message)
{
	struct puppet *puppet = task_puppet(task);
	struct batch *batch = puppet_batch(puppet);
	size_t size = sizeof(long) + message->text.len;
	cleanup_free struct msgbuf *buffer = malloc(size);

	if (!buffer)
		return log_error_errno(-ENOMEM, "cannot fill message queue %d", id);
	buffer->mtype = message->type;
	if (message->text.len > 0)
		memcpy(buffer->mtext, message->text.data, message->text.len);
	LOG_SCOPE("pid %d", task->image->pid);
	(void)batch_call(batch, SYS_msgsnd, (uint64_t)id, batch_data(batch, buffer, size), message->text.len,
			 IPC_NOWAIT);
	return puppet_run(puppet, "sending a message");
}

static int send_here(int id, const Cr__QueuedMessage *message)
{
	cleanup_free struct msgbuf *buffer = malloc(sizeof(long) + message->text.len);

	if (!buffer)
		return log_error_errno(-ENOMEM, "cannot fill message queue %d", id);
	buffer->mtype = message->type;
	if (message->text.len > 0)
		memcpy(buffer->mtext, message->text.data, message->text.len);
	if (msgsnd(id, buffer, message->text.len, IPC_NOWAIT) < 0)
		return log_error_errno(-errno, "cannot fill message queue %d", id);
	return 0;
}

/* An empty queue: a message goes through it, from the one to the other, so that they are the last who used
 * it. */
static int pass_message(struct task *sender, struct task *receiver, int id)
{
	Cr__QueuedMessage message = CR__QUEUED_MESSAGE__INIT;
	struct batch *batch;
	int r;

	message.type = 1;
	r = send_by(sender, id, &message);
	if (r < 0)
		return r;
	batch = puppet_batch(task_puppet(receiver));
	LOG_SCOPE("pid %d", receiver->image->pid);
	(void)batch_call(batch, SYS_msgrcv, (uint64_t)id, batch_data(batch, NULL, sizeof(long) + 1), 1, 0,
			 IPC_NOWAIT);
	return puppet_run(task_puppet(receiver), "receiving a message");
}

static int set_limit(const Cr__MessageQueue *queue, uint64_t limit)
{
	struct msqid_ds facts;

	if (msgctl(queue->id, IPC_STAT, &facts) == 0) {
		facts.msg_perm.uid = queue->uid;
		facts.msg_perm.gid = queue->gid;
		facts.msg_perm.mode = (unsigned short)queue->mode;
		facts.msg_qbytes = limit;
		if (msgctl(queue->id, IPC_SET, &facts) == 0)
			return 0;
	}
	return log_error_errno(-errno, "cannot set the owner and the limit of message queue %d", queue->id);
}

uint64_t ipc_limit_for(const Cr__MessageQueue *queue)
{
	uint64_t bytes = 0, count = queue->n_messages, most = queue->size_limit;

	for (size_t i = 0; i < queue->n_messages; i++)
		bytes += queue->messages[i]->text.len;
	most = MAX(most, bytes);
	most = MAX(most, count);
	return MAX(most, UINT64_C(1));
}

static int fill_queue(struct restore *restore, const Cr__MessageQueue *queue)
{
	struct task *sender = ipc_find_actor(restore, queue->sender);
	struct task *receiver = ipc_find_actor(restore, queue->receiver);
	int r = drain(queue);

	if (r == 0)
		r = set_limit(queue, ipc_limit_for(queue));
	if (r == 0 && (receiver || (sender && queue->n_messages == 0)))
		r = pass_message(sender ? sender : receiver, receiver ? receiver : sender, queue->id);
	for (size_t i = 0; r == 0 && i < queue->n_messages; i++) {
		const Cr__QueuedMessage *message = queue->messages[i];

		r = sender && i + 1 == queue->n_messages && message->text.len <= PUPPET_MESSAGE_MAX
			    ? send_by(sender, queue->id, message)
			    : send_here(queue->id, message);
	}
	return r < 0 ? r : set_limit(queue, queue->size_limit);
}

int ipc_fill(struct restore *restore)
{
	const struct ipc *ipc = restore->ipc;
	int r = 0;

	for (size_t i = 0; r == 0 && ipc && i < ipc->image->n_sets; i++)
		if (ipc->sets[i] != IPC_UNCHANGED)
			r = fill_set(restore, ipc->image->sets[i], ipc->sets[i]);
	/* To set a value takes back what is to be undone, so that comes after it. */
	for (size_t i = 0; r == 0 && ipc && i < ipc->image->n_undos; i++)
		r = add_undos(restore, ipc->image->undos[i]);
	for (size_t i = 0; r == 0 && ipc && i < ipc->image->n_queues; i++)
		if (ipc->queues[i] != IPC_UNCHANGED)
			r = fill_queue(restore, ipc->image->queues[i]);
	return r;
}
