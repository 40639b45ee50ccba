/* SPDX-License-Identifier: MIT */
/*
 * How many references the kernel holds to an open file description: one for each descriptor, mapping, message
 * in a queue and request in flight. That of asynchronous I/O (io_submit(2)) shows nowhere else.
 */
#pragma once

#include "common/kernel_memory.h"

struct file_references;

/* As kernel_memory_open() and kernel_types_open(). */
int must_check file_references_open(struct file_references **ret_references);
void file_references_free(struct file_references *references);
DEFINE_FREEP(file_references, file_references_free)

/* Of the description behind FD, a descriptor of this process, which counts, too. */
int must_check file_references_count(struct file_references *references, int fd, uint64_t *ret_count);
