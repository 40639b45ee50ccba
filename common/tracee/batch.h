/* SPDX-License-Identifier: MIT */
/*
 * A batch of system calls for the executor, built in our memory and run in a task in one round trip.
 * Building never fails on its own: an overflow is remembered and reported by the run as -E2BIG.
 */
#pragma once

#include <stdbool.h>

#include "common/arch/x86_64/executor.h"
#include "common/compiler.h"
#include "common/tracee/remote_memory.h"

struct batch {
	struct remote_address region; /* of the executor that is to run it */
	unsigned call_count;
	size_t data_size, data_capacity;
	bool has_overflown;
	const char *purpose; /* of the calls that are added next; NULL: that of the batch. For messages. */
	const char *purposes[EXECUTOR_CALLS_MAX];
	struct executor_call calls[EXECUTOR_CALLS_MAX];
	unsigned char data[];
};

/* For regions of REGION_SIZE bytes, and about as large itself: allocate it once and reuse it. NULL when
 * memory is short. */
struct batch *batch_new(size_t region_size);
/* Starts an empty batch for the executor whose region is at REGION. */
void batch_reset(struct batch *batch, struct remote_address region);

/* True when fewer than CALLS calls or SIZE bytes fit in: run it first. */
bool batch_is_nearly_full(const struct batch *batch, unsigned calls, size_t size);

/* Adds a call that may fail; returns its index. Missing arguments are 0. */
#define batch_try(batch, number, ...) batch_add((batch), (number), 0, (const uint64_t[6]){__VA_ARGS__})
/* Adds a call whose failure ends the batch. */
#define batch_call(batch, number, ...)                                                                       \
	batch_add((batch), (number), EXECUTOR_CALL_MUST_SUCCEED, (const uint64_t[6]){__VA_ARGS__})
unsigned batch_add(struct batch *batch, long number, uint32_t flags, const uint64_t arguments[6]);

/* Makes argument ARGUMENT of the last added call the result of call number INDEX. */
void batch_refer(struct batch *batch, unsigned argument, unsigned index);

/* Puts SIZE bytes (zeros if DATA is NULL) into the region; returns their address in the task. */
uint64_t batch_data(struct batch *batch, const void *data, size_t size);
uint64_t batch_string(struct batch *batch, const char *text);

/* After the run: what a call returned, and the bytes at an address from batch_data(), read back. */
int64_t batch_result(const struct batch *batch, unsigned index);
const void *batch_data_at(const struct batch *batch, uint64_t address);

/* Bytes at the start of the region that the batch uses, and their images for the transfer. */
int must_check batch_send(pid_t pid, const struct batch *batch);
/* Reads results and data back. Returns 0, or -ECANCELED if a call that must succeed failed: *ret_failed is
 * its index. */
int must_check batch_receive(pid_t pid, struct batch *batch, unsigned *ret_failed);

/* "mmap", "prctl" ... for messages. */
const char *syscall_name(long number);
