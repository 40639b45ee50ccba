/* SPDX-License-Identifier: MIT */
/*
 * Reads the kernel's own memory, and nothing else: for what no system call tells without changing it.
 *
 * The reading is done by a BPF program of a dozen instructions (bpf(2), BPF_PROG_TYPE_SYSCALL), which the
 * kernel has verified. A wrong address is -EFAULT and does no harm. What is read may be changing at the same
 * time: who reads has to make sure that it is whole. The layout of what is read: common/kernel_types.h.
 */
#pragma once

#include "common/cleanup.h"
#include "common/compiler.h"
#include "common/kernel_types.h"

/* An address in the kernel. */
struct kernel_address {
	uint64_t value; /* 0: none */
};

static inline struct kernel_address kernel_offset(struct kernel_address address, uint64_t offset)
{
	return (struct kernel_address){address.value + offset};
}

struct kernel_memory;

/* -EPERM without CAP_BPF and CAP_PERFMON (or CAP_SYS_ADMIN), or under lockdown; -EINVAL, -ENOSYS: the kernel
 * cannot. */
int must_check kernel_memory_open(struct kernel_memory **ret_memory);
void kernel_memory_free(struct kernel_memory *memory);
DEFINE_FREEP(kernel_memory, kernel_memory_free)

int must_check kernel_memory_read(struct kernel_memory *memory, struct kernel_address address, void *buffer,
				  size_t size);

/*
 * The same along pointers: the first of OFFSETS leads from ADDRESS (0: from the calling thread's task_struct)
 * to a pointer, the next from where that points to the next one, and the last to SIZE bytes, one page at
 * most.
 */
#define KERNEL_POINTERS_MAX 6
int must_check kernel_memory_follow(struct kernel_memory *memory, struct kernel_address address,
				    const uint32_t *offsets, size_t count, void *buffer, size_t size);

/* A number, or a bit field, of at most 64 bits in the structure at ADDRESS. */
int must_check kernel_memory_read_member(struct kernel_memory *memory, struct kernel_address address,
					 const struct kernel_member *member, uint64_t *ret_value);

/* The same from the BYTES that it is in, read already. */
uint64_t kernel_member_value(const struct kernel_member *member, uint64_t bytes);

/* The pointer at OFFSET of what is at ADDRESS. */
int must_check kernel_memory_read_pointer(struct kernel_memory *memory, struct kernel_address address,
					  uint64_t offset, struct kernel_address *ret);

/* The calling thread's struct task_struct. */
int must_check kernel_memory_own_task(struct kernel_memory *memory, struct kernel_address *ret_task);

/* Where the descriptors of a task are. */
struct kernel_descriptors {
	struct kernel_member task_files, files_table, table_fd;
};

int must_check kernel_descriptors_find(struct kernel_types *types, struct kernel_descriptors *ret);

/* The struct file behind FD, a descriptor of the calling thread. */
int must_check kernel_memory_own_file(struct kernel_memory *memory,
				      const struct kernel_descriptors *descriptors, int fd,
				      struct kernel_address *ret_file);
