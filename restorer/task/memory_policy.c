/* SPDX-License-Identifier: MIT */
/* Memory policies of threads; those of mappings are set when these are made (restorer/memory.c). */
#include "restorer/task/memory_policy.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/mempolicy.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "format/task/memory_policy.h"
#include "restorer/task/bad_image.h"
#include "restorer/task/task_restorer.h"

static uint64_t add_nodes(struct batch *batch, const Cr__MemoryPolicy *policy)
{
	return policy->nodes.len == 0 ? 0 : batch_data(batch, policy->nodes.data, policy->nodes.len);
}

void memory_policy_add(struct batch *batch, const Cr__Mapping *mapping)
{
	const Cr__MemoryPolicy *policy = mapping->policy;

	if (policy)
		batch_call(batch, SYS_mbind, mapping->start, mapping->end - mapping->start, policy->mode,
			   add_nodes(batch, policy), memory_policy_max_node(policy), 0);
}

void memory_policy_use(const Cr__MemoryPolicy *policy)
{
	static _Thread_local bool has_policy;

	if (policy)
		(void)syscall(SYS_set_mempolicy, policy->mode, policy->nodes.data,
			      memory_policy_max_node(policy));
	else if (has_policy)
		(void)syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0);
	has_policy = policy != NULL;
}

/* Whether this host has what it says is tried with a page of our own, to which nothing is done. */
static bool policy_try(struct restore *restore, const Cr__MemoryPolicy *policy)
{
	void *page = mmap(NULL, PAGE_SIZE_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int r = 0;

	if (page == MAP_FAILED || syscall(SYS_mbind, page, PAGE_SIZE_BYTES, policy->mode, policy->nodes.data,
					  memory_policy_max_node(policy), 0) < 0)
		r = -errno;
	if (page != MAP_FAILED)
		(void)munmap(page, PAGE_SIZE_BYTES);
	if (r == -EINVAL)
		blockers_add(&restore->blockers,
			     "has a memory policy (set_mempolicy(2), mode 0x%x) for NUMA nodes of which this "
			     "host has none, or of a kind that this kernel lacks: let the program set "
			     "another before the dump",
			     policy->mode);
	else if (r < 0)
		blockers_add(&restore->blockers, "has a memory policy, which cannot be had here (%s)",
			     strerror(-r));
	return r == 0;
}

/* The first that cannot be had is told. */
static int memory_policy_check_host(struct restore *restore, const struct task *task)
{
	const Cr__MemoryPolicy *last = NULL;

	for (size_t i = 0; i < task->image->n_threads; i++) {
		const Cr__MemoryPolicy *policy = task->image->threads[i]->memory_policy;

		if (policy && !memory_policy_is_same(last, policy) && !policy_try(restore, last = policy))
			return 0;
	}
	for (size_t i = 0; task->memory && i < task->memory->n_mappings; i++) {
		const Cr__Mapping *mapping = task->memory->mappings[i];

		if (!mapping->policy || memory_policy_is_same(last, mapping->policy))
			continue;
		LOG_SCOPE("%#" PRIx64 "-%#" PRIx64, mapping->start, mapping->end);
		if (!policy_try(restore, last = mapping->policy))
			return 0;
	}
	return 0;
}

static int memory_policy_thread(struct restore *restore maybe_unused, struct task *task maybe_unused,
				struct thread *thread, struct batch *batch)
{
	const Cr__MemoryPolicy *policy = thread->image->memory_policy;
	int r;

	if (!policy)
		return 0;
	r = task_batch_room(thread, 1, policy->nodes.len, "its memory policy");
	if (r == 0)
		(void)batch_call(batch, SYS_set_mempolicy, policy->mode, add_nodes(batch, policy),
				 memory_policy_max_node(policy));
	return r;
}

const struct task_restorer memory_policy_task_restorer = {
	.name = "memory policy",
	.check = memory_policy_check_host,
	.thread = memory_policy_thread,
};
