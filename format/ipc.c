/* SPDX-License-Identifier: MIT */
/* What valid semaphores and message queues of System V are. */
#include "format/ipc.h"

#include <errno.h>

#include "format/layout.h"

static bool pid_is_possible(int32_t pid)
{
	return pid == 0 || layout_pid_is_valid(pid);
}

static const char *set_reason(const Cr__SemaphoreSet *set)
{
	if (set->id < 0 || set->mode & ~0777U)
		return "a set of semaphores has no valid id or mode";
	if (set->n_values == 0 || set->n_values > IPC_SEMAPHORES_MAX || set->n_pids != set->n_values)
		return "a set has no valid number of semaphores";
	for (size_t i = 0; i < set->n_values; i++)
		if (set->values[i] > IPC_VALUE_MAX || !pid_is_possible(set->pids[i]))
			return "the value of a semaphore is not possible";
	return NULL;
}

static const char *queue_reason(const Cr__MessageQueue *queue)
{
	if (queue->id < 0 || queue->mode & ~0777U)
		return "a message queue has no valid id or mode";
	if (!pid_is_possible(queue->sender) || !pid_is_possible(queue->receiver))
		return "a message queue was used by an impossible process";
	for (size_t i = 0; i < queue->n_messages; i++)
		if (queue->messages[i]->type <= 0 || queue->messages[i]->text.len > IPC_MESSAGE_SIZE_MAX)
			return "a message is not possible";
	return NULL;
}

static const char *undo_reason(const Cr__Ipc *ipc, const Cr__SemaphoreUndo *undo)
{
	const Cr__SemaphoreSet *set = ipc_find_set(ipc, undo->set_id);

	if (!layout_pid_is_valid(undo->pid) || !set || undo->n_adjustments != set->n_values)
		return "an adjustment of semaphores is of no process or set";
	for (size_t i = 0; i < undo->n_adjustments; i++)
		if (undo->adjustments[i] > IPC_VALUE_MAX || undo->adjustments[i] < -IPC_VALUE_MAX)
			return "an adjustment of a semaphore is not possible";
	return NULL;
}

/* By id, ascending: none is there twice. */
static const char *find_reason(const Cr__Ipc *ipc)
{
	const char *reason = NULL;

	for (size_t i = 0; !reason && i < ipc->n_sets; i++) {
		reason = set_reason(ipc->sets[i]);
		if (!reason && i > 0 && ipc->sets[i - 1]->id >= ipc->sets[i]->id)
			reason = "the sets of semaphores are not in order";
	}
	for (size_t i = 0; !reason && i < ipc->n_queues; i++) {
		reason = queue_reason(ipc->queues[i]);
		if (!reason && i > 0 && ipc->queues[i - 1]->id >= ipc->queues[i]->id)
			reason = "the message queues are not in order";
	}
	for (size_t i = 0; !reason && i < ipc->n_undos; i++)
		reason = undo_reason(ipc, ipc->undos[i]);
	return reason;
}

int ipc_check(const Cr__Ipc *ipc, const char **ret_reason)
{
	const char *reason = find_reason(ipc);

	if (!reason)
		return 0;
	*ret_reason = reason;
	return -EBADMSG;
}

const Cr__SemaphoreSet *ipc_find_set(const Cr__Ipc *ipc, int32_t id)
{
	size_t low = 0, high = ipc->n_sets;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ipc->sets[middle]->id == id)
			return ipc->sets[middle];
		if (ipc->sets[middle]->id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}
