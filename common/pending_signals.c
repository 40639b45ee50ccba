/* SPDX-License-Identifier: MIT */
/* The queues of pending signals. */
#include "common/pending_signals.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/vector.h"

#define SIGNALS_COUNT 64
/* struct sigqueue is smaller. */
#define ENTRY_SIZE_MAX 256

#define MEMBERS(X)                                                                                           \
	X(task_signal, "task_struct.signal")                                                                 \
	X(task_pending, "task_struct.pending")                                                               \
	X(signal_pending, "signal_struct.shared_pending")                                                    \
	X(pending_list, "sigpending.list")                                                                   \
	X(entry_list, "sigqueue.list")                                                                       \
	X(entry_info, "sigqueue.info")                                                                       \
	X(list_next, "list_head.next")                                                                       \
	X(list_previous, "list_head.prev")

struct pending_signals_reader {
	struct kernel_tasks tasks;
	struct kernel_memory *memory; /* of TASKS */
	MEMBERS(KERNEL_MEMBER_DECLARE)
	size_t entry_size; /* as far as it is of interest */
};

struct signal_list {
	siginfo_t *signals;
	size_t signals_count, signals_capacity;
};

static void signal_list_done(struct signal_list *list)
{
	free(list->signals);
}

void pending_signals_close(struct pending_signals_reader *reader)
{
	kernel_tasks_close(&reader->tasks);
	free(reader);
}

static int open_tasks(struct pending_signals_reader *members)
{
	const struct kernel_member_path paths[] = {MEMBERS(KERNEL_MEMBER_PATH)};

	return kernel_tasks_open(&members->tasks, paths, ARRAY_SIZE(paths));
}

int pending_signals_open(struct pending_signals_reader **ret_reader)
{
	cleanup_(pending_signals_reader_freep) struct pending_signals_reader *reader =
		calloc(1, sizeof(*reader));
	int r = reader ? open_tasks(reader) : -ENOMEM;

	if (r < 0)
		return r;
	reader->memory = reader->tasks.memory;
	reader->entry_size = MAX(reader->entry_list.offset + reader->entry_list.size,
				 reader->entry_info.offset + reader->entry_info.size);
	if (reader->entry_info.size > sizeof(siginfo_t) || reader->entry_size > ENTRY_SIZE_MAX)
		return -EINVAL;
	*ret_reader = take_ptr(reader);
	return 0;
}

/* Where the list begins and ends. */
static int find_head(struct pending_signals_reader *reader, int pidfd, bool is_shared,
		     struct kernel_address *ret_head)
{
	struct kernel_address task;
	const struct kernel_member *pending = &reader->task_pending;
	int r = kernel_tasks_locate(&reader->tasks, pidfd, &task);

	if (r == 0 && is_shared) {
		pending = &reader->signal_pending;
		r = kernel_memory_read_pointer(reader->memory, task, reader->task_signal.offset, &task);
	}
	if (r == 0)
		*ret_head = kernel_offset(task, pending->offset + reader->pending_list.offset);
	return r;
}

/* One entry, whose place in the list is AT and whose predecessor must be *PREVIOUS. Both move on. */
static int take_entry(struct pending_signals_reader *reader, struct kernel_address *at,
		      struct kernel_address *previous, struct signal_list *list)
{
	unsigned char entry[ENTRY_SIZE_MAX];
	const unsigned char *links = entry + reader->entry_list.offset;
	struct kernel_address next, before;
	siginfo_t *info;
	int r = kernel_memory_read(reader->memory,
				   (struct kernel_address){at->value - reader->entry_list.offset}, entry,
				   reader->entry_size);

	if (r < 0)
		return r;
	memcpy(&next.value, links + reader->list_next.offset, sizeof(next.value));
	memcpy(&before.value, links + reader->list_previous.offset, sizeof(before.value));
	if (before.value != previous->value)
		return -EAGAIN;
	info = vector_append(list, signals);
	if (!info)
		return -ENOMEM;
	memset(info, 0, sizeof(*info));
	memcpy(info, entry + reader->entry_info.offset, reader->entry_info.size);
	if (info->si_signo < 1 || info->si_signo > SIGNALS_COUNT)
		return -EAGAIN;
	*previous = *at;
	*at = next;
	return 0;
}

int pending_signals_read(struct pending_signals_reader *reader, int pidfd, bool is_shared, size_t max,
			 siginfo_t **ret_signals, size_t *ret_count)
{
	cleanup_(signal_list_done) struct signal_list list = {0};
	struct kernel_address head, at, previous;
	int r = find_head(reader, pidfd, is_shared, &head);

	if (r == 0)
		r = kernel_memory_read_pointer(reader->memory, head, reader->list_next.offset, &at);
	previous = head;
	while (r == 0 && at.value != head.value)
		r = list.signals_count == max ? -E2BIG : take_entry(reader, &at, &previous, &list);
	if (r < 0)
		return r;
	*ret_signals = take_ptr(list.signals);
	*ret_count = list.signals_count;
	return 0;
}
