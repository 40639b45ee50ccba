/* SPDX-License-Identifier: MIT */
/*
 * The memory of another task. An address there is a type of its own, so that it is never mistaken for a
 * pointer. All return 0 or a negative errno; -EFAULT when part of the range cannot be reached.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "common/compiler.h"

struct remote_address {
	uint64_t value;
};

static inline struct remote_address remote_address(uint64_t value)
{
	return (struct remote_address){value};
}

static inline struct remote_address remote_offset(struct remote_address address, uint64_t offset)
{
	return (struct remote_address){address.value + offset};
}

/* process_vm_readv(2) and process_vm_writev(2): respect the protection of the mappings. */
int must_check remote_read(pid_t pid, struct remote_address address, void *buffer, size_t size);
int must_check remote_write(pid_t pid, struct remote_address address, const void *buffer, size_t size);

/* The first occurrence of SIZE bytes in what can be read from START on and before END. -ENOENT: there is
 * none. */
int must_check remote_find(pid_t pid, uint64_t start, uint64_t end, const void *bytes, size_t size,
			   struct remote_address *ret_address);
