/* SPDX-License-Identifier: MIT */
/* What a valid open file of a pipe or FIFO is, and what its numbers mean. */
#pragma once

#include <stdbool.h>

#include "common/compiler.h"
#include "format/fd/open_file.pb-c.h"
#include "format/fd/pipe.pb-c.h"

/* The kernel keeps a pipe in slots, each of which holds a buffer of at most this many bytes, mostly. */
#define PIPE_SLOT_SIZE 4096U

/* F_SETPIPE_SZ (fcntl(2)) takes no more. */
#define PIPE_CAPACITY_MAX (UINT32_C(1) << 31)

/* Runs of equal buffers in one pipe; no pipe that a process without CAP_SYS_RESOURCE makes has more than 256.
 */
#define PIPE_RUNS_MAX 65536U

/* Whether the open file was made by pipe(2) itself. What open(2) makes of it, by /proc/PID/fd, is marked. */
bool pipe_end_is_original(uint32_t flags);

/* Whether an open file of these flags can read from its pipe, and write to it. */
bool pipe_end_reads(uint32_t flags);
bool pipe_end_writes(uint32_t flags);

/* Slots that COUNT buffers of SIZE bytes take when they are made anew. */
uint64_t pipe_buffer_slots(uint32_t size, uint32_t count);

/* Bytes that a checked state holds. */
uint64_t pipe_state_bytes(const Cr__PipeState *state);

/* 0, or -EBADMSG and why in *ret_reason (static text). FILE is checked, PIPE is its entry. */
int must_check pipe_check(const Cr__OpenFile *file, const Cr__Pipe *pipe, bool is_fifo,
			  const char **ret_reason);
