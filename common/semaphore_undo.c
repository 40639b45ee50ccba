/* SPDX-License-Identifier: MIT */
/* What the kernel is to do to semaphores when a process ends. */
#include "common/semaphore_undo.h"

#include <errno.h>
#include <stdlib.h>

#include "common/kernel_task.h"
#include "common/vector.h"

/* More sets, or threads, than any process has: the list has changed meanwhile. */
#define LIST_MAX 1000000

#define MEMBERS(X)                                                                                           \
	X(task_signal, "task_struct.signal")                                                                 \
	X(task_node, "task_struct.thread_node")                                                              \
	X(task_undos, "task_struct.sysvsem.undo_list")                                                       \
	X(signal_threads, "signal_struct.thread_head")                                                       \
	X(list_head, "sem_undo_list.list_proc")                                                              \
	X(undo_node, "sem_undo.list_proc")                                                                   \
	X(undo_set, "sem_undo.semid")                                                                        \
	X(undo_adjustments, "sem_undo.semadj")

struct semaphore_undo_reader {
	struct kernel_tasks tasks;
	struct kernel_memory *memory; /* of TASKS */
	MEMBERS(KERNEL_MEMBER_DECLARE)
};

void semaphore_undo_close(struct semaphore_undo_reader *reader)
{
	kernel_tasks_close(&reader->tasks);
	free(reader);
}

static int open_tasks(struct semaphore_undo_reader *members)
{
	const struct kernel_member_path paths[] = {MEMBERS(KERNEL_MEMBER_PATH)};

	return kernel_tasks_open(&members->tasks, paths, ARRAY_SIZE(paths));
}

int semaphore_undo_open(struct semaphore_undo_reader **ret_reader)
{
	cleanup_(semaphore_undo_reader_freep) struct semaphore_undo_reader *reader =
		calloc(1, sizeof(*reader));
	int r = reader ? open_tasks(reader) : -ENOMEM;

	if (r < 0)
		return r;
	reader->memory = reader->tasks.memory;
	*ret_reader = take_ptr(reader);
	return 0;
}

void semaphore_undo_list_done(struct semaphore_undo_list *list)
{
	for (size_t i = 0; i < list->undos_count; i++)
		free(list->undos[i].adjustments);
	free(list->undos);
	*list = (struct semaphore_undo_list){0};
}

static int follow(struct semaphore_undo_reader *reader, struct kernel_address address, uint32_t offset,
		  struct kernel_address *ret)
{
	return kernel_memory_read_pointer(reader->memory, address, offset, ret);
}

static struct kernel_address container(struct kernel_address member, uint32_t offset)
{
	return (struct kernel_address){member.value - offset};
}

static int look_at_thread(struct semaphore_undo_reader *reader, struct kernel_address task,
			  struct semaphore_undo_list *list)
{
	struct kernel_address undos;
	int r = follow(reader, task, reader->task_undos.offset, &undos);

	if (r < 0 || undos.value == 0)
		return r;
	list->is_split |= list->identity != 0 && list->identity != undos.value;
	if (list->identity == 0)
		list->identity = undos.value;
	return 0;
}

/* Threads have it in common, but those of clone(2) without CLONE_SYSVSEM. */
static int look_at_threads(struct semaphore_undo_reader *reader, struct kernel_address task,
			   struct semaphore_undo_list *list)
{
	struct kernel_address signal, head, at;
	int r = follow(reader, task, reader->task_signal.offset, &signal);

	if (r < 0)
		return r;
	head = kernel_offset(signal, reader->signal_threads.offset);
	r = follow(reader, head, 0, &at);
	for (size_t i = 0; r == 0 && at.value != head.value; i++) {
		if (i == LIST_MAX)
			return -EAGAIN;
		r = look_at_thread(reader, container(at, reader->task_node.offset), list);
		if (r == 0)
			r = follow(reader, at, 0, &at);
	}
	return r;
}

/* Those of a set; nothing is added if there are none. */
static int add_undo(struct semaphore_undo_reader *reader, struct kernel_address at, int32_t set_id,
		    size_t count, struct semaphore_undo_list *list)
{
	cleanup_free int16_t *adjustments = calloc(count, sizeof(*adjustments));
	struct kernel_address array = kernel_offset(at, reader->undo_adjustments.offset);
	struct semaphore_undo *undo;
	bool has_any = false;
	int r = adjustments ? 0 : -ENOMEM;

	/* A pointer, before they stood in the structure itself. */
	if (r == 0 && reader->undo_adjustments.size == sizeof(uint64_t))
		r = follow(reader, array, 0, &array);
	if (r == 0)
		r = kernel_memory_read(reader->memory, array, adjustments, count * sizeof(*adjustments));
	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++)
		has_any |= adjustments[i] != 0;
	if (!has_any)
		return 0;
	undo = vector_append(list, undos);
	if (!undo)
		return -ENOMEM;
	*undo = (struct semaphore_undo){set_id, count, take_ptr(adjustments)};
	return 0;
}

static int read_list(struct semaphore_undo_reader *reader, size_t (*count_of)(int32_t set_id),
		     struct semaphore_undo_list *list)
{
	struct kernel_address head =
		kernel_offset((struct kernel_address){list->identity}, reader->list_head.offset);
	struct kernel_address at;
	int r = follow(reader, head, 0, &at);

	for (size_t i = 0; r == 0 && at.value != head.value; i++) {
		struct kernel_address undo = container(at, reader->undo_node.offset);
		int32_t set_id = -1;
		size_t count;

		if (i == LIST_MAX)
			return -EAGAIN;
		r = kernel_memory_read(reader->memory, kernel_offset(undo, reader->undo_set.offset), &set_id,
				       sizeof(set_id));
		count = r == 0 && set_id >= 0 ? count_of(set_id) : 0;
		if (count > 0)
			r = add_undo(reader, undo, set_id, count, list);
		if (r == 0)
			r = follow(reader, at, 0, &at);
	}
	return r;
}

int semaphore_undo_read(struct semaphore_undo_reader *reader, int pidfd, size_t (*count_of)(int32_t set_id),
			struct semaphore_undo_list *ret_list)
{
	cleanup_(semaphore_undo_list_done) struct semaphore_undo_list list = {0};
	struct kernel_address task;
	int r = kernel_tasks_locate(&reader->tasks, pidfd, &task);

	if (r == 0)
		r = look_at_threads(reader, task, &list);
	if (r == 0 && list.identity != 0)
		r = read_list(reader, count_of, &list);
	if (r < 0)
		return r;
	*ret_list = list;
	list = (struct semaphore_undo_list){0};
	return 0;
}
