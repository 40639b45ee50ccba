/* SPDX-License-Identifier: MIT */
/* Memory policies (set_mempolicy(2), mbind(2)), which only the process itself can ask for. */
#include <errno.h>
#include <inttypes.h>
#include <linux/mempolicy.h>
#include <string.h>
#include <sys/syscall.h>

#include "common/log.h"
#include "dumper/task/task_dumper.h"
#include "format/task/memory_policy.h"

#define MASK_SIZE (MEMORY_POLICY_NODES_MAX / 8)
/* The kernel takes one less. */
#define MAX_NODE (MEMORY_POLICY_NODES_MAX + 1)

/* Of mappings of which the nodes are asked in one batch. */
#define BATCH_MASKS 100

enum { CALL_THREAD, CALL_FIRST_MAPPING };
enum { ADDRESS_THREAD_MODE, ADDRESS_THREAD_MASK, ADDRESS_MODES, ADDRESS_MASKS, ADDRESS_IS_FOR_MASKS };

/* A mapping is asked at its start; one of shared memory also at its end, as parts of that may differ. */
#define QUESTIONS_MAX 2

static bool can_have_policy(const Cr__Mapping *mapping)
{
	switch (mapping->kind) {
	case CR__MAPPING_KIND__MAPPING_ANONYMOUS:
	case CR__MAPPING_KIND__MAPPING_FILE_PRIVATE:
	case CR__MAPPING_KIND__MAPPING_FILE_SHARED:
		return true;
	default:
		return false;
	}
}

static bool is_shared(const Cr__Mapping *mapping)
{
	return mapping->kind == CR__MAPPING_KIND__MAPPING_FILE_SHARED;
}

static bool owns_memory(const struct dump *dump, const struct process *process)
{
	return process->owners[SHARED_MEMORY] == (size_t)(process - dump->processes);
}

static void thread_ask(struct batch *batch, struct questions *questions)
{
	uint64_t mode = batch_data(batch, NULL, sizeof(uint64_t)), mask = batch_data(batch, NULL, MASK_SIZE);

	questions->addresses[ADDRESS_THREAD_MODE] = mode;
	questions->addresses[ADDRESS_THREAD_MASK] = mask;
	questions->calls[CALL_THREAD] = batch_try(batch, SYS_get_mempolicy, mode, mask, MAX_NODE, 0, 0);
}

/* First only whether there is a policy, which hardly any mapping has: as many as there is room for. */
static void modes_ask(const Cr__Memory *memory, struct batch *batch, struct questions *questions)
{
	size_t left = memory->n_mappings - questions->first, room = EXECUTOR_CALLS_MAX - batch->call_count;
	uint64_t modes;

	room = MIN(room, (batch->data_capacity - batch->data_size) / sizeof(int)) / QUESTIONS_MAX;
	room -= MIN(room, 8U); /* for what aligning it takes */
	questions->count = MIN(left, room);
	questions->has_more = questions->count < left;
	questions->addresses[ADDRESS_MODES] = modes =
		batch_data(batch, NULL, questions->count * QUESTIONS_MAX * sizeof(int));
	questions->calls[CALL_FIRST_MAPPING] = batch->call_count;
	for (size_t i = 0; i < questions->count; i++) {
		const Cr__Mapping *mapping = memory->mappings[questions->first + i];

		if (!can_have_policy(mapping))
			continue;
		(void)batch_try(batch, SYS_get_mempolicy, modes, 0, 0, mapping->start, MPOL_F_ADDR);
		modes += sizeof(int);
		if (!is_shared(mapping))
			continue;
		(void)batch_try(batch, SYS_get_mempolicy, modes, 0, 0, mapping->end - 1, MPOL_F_ADDR);
		modes += sizeof(int);
	}
}

/* Then the nodes of those that have one. */
static void masks_ask(const Cr__Memory *memory, struct batch *batch, struct questions *questions)
{
	uint64_t masks = batch_data(batch, NULL, BATCH_MASKS * MASK_SIZE);
	size_t index = questions->first, asked = 0;

	questions->addresses[ADDRESS_MASKS] = masks;
	questions->calls[CALL_FIRST_MAPPING] = batch->call_count;
	for (; index < memory->n_mappings && asked < BATCH_MASKS; index++) {
		const Cr__Mapping *mapping = memory->mappings[index];

		if (!mapping->policy)
			continue;
		(void)batch_try(batch, SYS_get_mempolicy, 0, masks + asked * MASK_SIZE, MAX_NODE,
				mapping->start, MPOL_F_ADDR);
		asked++;
	}
	questions->count = index - questions->first;
	questions->has_more = index < memory->n_mappings;
}

static int memory_policy_ask(struct dump *dump, struct process *process, struct thread *thread,
			     struct batch *batch, struct questions *questions)
{
	bool is_first = questions->first == 0 && questions->count == 0 && !thread->has_more_questions;

	if (is_first)
		thread_ask(batch, questions);
	else
		questions->calls[CALL_THREAD] = UINT32_MAX;
	if (thread != &process->threads[0] || !owns_memory(dump, process))
		return 0;
	questions->first += questions->count;
	if (thread->has_more_questions && questions->first == process->memory->n_mappings) {
		questions->addresses[ADDRESS_IS_FOR_MASKS] = 1;
		questions->first = 0;
		thread->has_more_questions = false;
	}
	if (questions->addresses[ADDRESS_IS_FOR_MASKS])
		masks_ask(process->memory, batch, questions);
	else
		modes_ask(process->memory, batch, questions);
	return 0;
}

static Cr__MemoryPolicy *policy_new(struct dump *dump, int mode)
{
	Cr__MemoryPolicy *policy = arena_new(&dump->arena, Cr__MemoryPolicy);

	if (policy) {
		cr__memory_policy__init(policy);
		policy->mode = (uint32_t)mode;
	}
	return policy;
}

static int nodes_keep(struct dump *dump, Cr__MemoryPolicy *policy, const void *mask)
{
	uint64_t words[MASK_SIZE / sizeof(uint64_t)];
	size_t count = ARRAY_SIZE(words);

	memcpy(words, mask, sizeof(words));
	while (count > 0 && words[count - 1] == 0)
		count--;
	policy->nodes = arena_bytes(&dump->arena, words, count * sizeof(words[0]));
	return count > 0 && !policy->nodes.data ? -ENOMEM : 0;
}

/* -ENOSYS: the kernel knows no NUMA nodes, and so no policies. */
static int thread_answer(struct dump *dump, struct thread *thread, const struct batch *batch,
			 const struct questions *questions)
{
	int64_t result = batch_result(batch, questions->calls[CALL_THREAD]);
	int mode;

	if (result < 0)
		return result == -ENOSYS ? -ENOSYS
					 : log_error_errno((int)result, "cannot ask for its memory policy");
	memcpy(&mode, batch_data_at(batch, questions->addresses[ADDRESS_THREAD_MODE]), sizeof(mode));
	if (mode == MPOL_DEFAULT)
		return 0;
	thread->image->memory_policy = policy_new(dump, mode);
	if (!thread->image->memory_policy ||
	    nodes_keep(dump, thread->image->memory_policy,
		       batch_data_at(batch, questions->addresses[ADDRESS_THREAD_MASK])) < 0)
		return log_error_errno(-ENOMEM, "cannot keep its memory policy");
	return 0;
}

static int mapping_failed(const Cr__Mapping *mapping, int64_t result)
{
	return log_error_errno((int)result, "cannot ask for the memory policy of its mapping at %#" PRIx64,
			       mapping->start);
}

static int modes_answer(struct dump *dump, struct thread *thread, const Cr__Memory *memory,
			const struct batch *batch, const struct questions *questions)
{
	const unsigned char *modes = batch_data_at(batch, questions->addresses[ADDRESS_MODES]);
	unsigned call = questions->calls[CALL_FIRST_MAPPING];

	for (size_t i = 0; i < questions->count; i++) {
		Cr__Mapping *mapping = memory->mappings[questions->first + i];
		int found[QUESTIONS_MAX];
		size_t count = is_shared(mapping) ? 2 : 1;

		if (!can_have_policy(mapping))
			continue;
		for (size_t k = 0; k < count; k++)
			if (batch_result(batch, call + (unsigned)k) < 0)
				return mapping_failed(mapping, batch_result(batch, call + (unsigned)k));
		memcpy(found, modes, count * sizeof(int));
		modes += count * sizeof(int);
		call += (unsigned)count;
		if (found[0] != found[count - 1])
			blockers_add(&dump->blockers,
				     "%#" PRIx64 "-%#" PRIx64
				     ": has several memory policies (mbind(2)) in one mapping of shared "
				     "memory, which cannot be dumped yet",
				     mapping->start, mapping->end);
		if (found[0] == MPOL_DEFAULT)
			continue;
		mapping->policy = policy_new(dump, found[0]);
		if (!mapping->policy)
			return log_error_errno(-ENOMEM, "cannot keep a memory policy");
		thread->has_more_questions = true;
	}
	return 0;
}

static int masks_answer(struct dump *dump, const Cr__Memory *memory, const struct batch *batch,
			const struct questions *questions)
{
	const unsigned char *masks = batch_data_at(batch, questions->addresses[ADDRESS_MASKS]);
	unsigned call = questions->calls[CALL_FIRST_MAPPING];

	for (size_t i = 0; i < questions->count; i++) {
		const Cr__Mapping *mapping = memory->mappings[questions->first + i];

		if (!mapping->policy)
			continue;
		if (batch_result(batch, call) < 0)
			return mapping_failed(mapping, batch_result(batch, call));
		if (nodes_keep(dump, mapping->policy, masks) < 0)
			return log_error_errno(-ENOMEM, "cannot keep a memory policy");
		masks += MASK_SIZE;
		call++;
	}
	return 0;
}

static int memory_policy_answer(struct dump *dump, struct process *process, struct thread *thread,
				const struct batch *batch, const struct questions *questions)
{
	int r = 0;

	if (questions->calls[CALL_THREAD] != UINT32_MAX)
		r = thread_answer(dump, thread, batch, questions);
	if (r < 0 || thread != &process->threads[0] || !owns_memory(dump, process))
		return r == -ENOSYS ? 0 : r;
	if (questions->addresses[ADDRESS_IS_FOR_MASKS])
		return masks_answer(dump, process->memory, batch, questions);
	return modes_answer(dump, thread, process->memory, batch, questions);
}

const struct task_dumper memory_policy_task_dumper = {
	.name = "memory policy",
	.ask = memory_policy_ask,
	.answer = memory_policy_answer,
};
