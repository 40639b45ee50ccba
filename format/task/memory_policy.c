/* SPDX-License-Identifier: MIT */
/* What a valid memory policy is. */
#include "format/task/memory_policy.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "common/log.h"

int memory_policy_check(const Cr__MemoryPolicy *policy)
{
	if (!policy)
		return 0;
	if (policy->mode == 0 || policy->mode > UINT16_MAX)
		return log_error_errno(-EBADMSG, "bad archive: a memory policy has the mode 0x%x",
				       policy->mode);
	if (policy->nodes.len % sizeof(uint64_t) != 0 ||
	    policy->nodes.len > MEMORY_POLICY_NODES_MAX / CHAR_BIT)
		return log_error_errno(-EBADMSG, "bad archive: the nodes of a memory policy have %zu bytes",
				       policy->nodes.len);
	return 0;
}

bool memory_policy_is_same(const Cr__MemoryPolicy *left, const Cr__MemoryPolicy *right)
{
	if (!left || !right)
		return left == right;
	return left->mode == right->mode && left->nodes.len == right->nodes.len &&
	       (left->nodes.len == 0 || memcmp(left->nodes.data, right->nodes.data, left->nodes.len) == 0);
}

uint64_t memory_policy_max_node(const Cr__MemoryPolicy *policy)
{
	/* The kernel takes one less. */
	return policy->nodes.len == 0 ? 0 : policy->nodes.len * CHAR_BIT + 1;
}
