/* SPDX-License-Identifier: MIT */
/* What a valid open file of a pipe or FIFO is. */
#include "format/fd/pipe.h"

#include <errno.h>
#include <sys/stat.h>

#include "format/fd/named_file.h"
#include "format/fd/open_file.h"

/* What fcntl(2), F_SETFL, can give an open file that pipe(2) has made. */
#define ORIGINAL_FLAGS (O_ACCMODE | O_APPEND | O_NONBLOCK | O_ASYNC | O_DIRECT | O_NOATIME)

/* What of open(2) a pipe or FIFO can be opened with. */
#define OPENED_FLAGS (ORIGINAL_FLAGS | O_SYNC | OPEN_FILE_LARGE | O_PATH)

bool pipe_end_is_original(uint32_t flags)
{
	return !(flags & (OPEN_FILE_LARGE | O_PATH));
}

bool pipe_end_reads(uint32_t flags)
{
	return !(flags & O_PATH) && (flags & O_ACCMODE) != O_WRONLY;
}

bool pipe_end_writes(uint32_t flags)
{
	return !(flags & O_PATH) && (flags & O_ACCMODE) != O_RDONLY;
}

uint64_t pipe_buffer_slots(uint32_t size, uint32_t count)
{
	return ((uint64_t)size + PIPE_SLOT_SIZE - 1) / PIPE_SLOT_SIZE * count;
}

uint64_t pipe_state_bytes(const Cr__PipeState *state)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < state->n_buffers; i++)
		bytes += (uint64_t)state->buffers[i]->size * state->buffers[i]->count;
	return bytes;
}

static int refuse(const char *reason, const char **ret_reason)
{
	*ret_reason = reason;
	return -EBADMSG;
}

static int check_buffers(const Cr__PipeState *state, const char **ret_reason)
{
	uint64_t slots = 0;

	if (state->n_buffers > PIPE_RUNS_MAX)
		return refuse("it has too many buffers", ret_reason);
	for (size_t i = 0; i < state->n_buffers; i++) {
		const Cr__PipeBuffers *buffers = state->buffers[i];

		if (buffers->size == 0 || buffers->count == 0)
			return refuse("it has an empty buffer", ret_reason);
		if (buffers->is_packet && buffers->size > PIPE_SLOT_SIZE)
			return refuse("it has a packet that is too large", ret_reason);
		slots += pipe_buffer_slots(buffers->size, buffers->count);
		if (slots > state->capacity / PIPE_SLOT_SIZE)
			return refuse("it holds more than it can", ret_reason);
	}
	return 0;
}

static int check_state(const Cr__PipeState *state, const char **ret_reason)
{
	if (state->capacity != 0 &&
	    (state->capacity < PIPE_SLOT_SIZE || state->capacity > PIPE_CAPACITY_MAX ||
	     (state->capacity & (state->capacity - 1)) != 0))
		return refuse("its capacity is not valid", ret_reason);
	if (state->mode & ~UINT32_C(07777))
		return refuse("its mode is not valid", ret_reason);
	return check_buffers(state, ret_reason);
}

static int check_file(const Cr__NamedFile *file, bool is_fifo, uint32_t flags, const char **ret_reason)
{
	int r;

	if (is_fifo != !!file)
		return refuse(file ? "it is no FIFO and has a path" : "it is a FIFO and has no path",
			      ret_reason);
	r = file ? named_file_check(file, ret_reason) : 0;
	if (r == 0 && file && file->ghost_id != 0 && flags & O_NOFOLLOW)
		return refuse("it has no name and was opened with O_NOFOLLOW", ret_reason);
	if (r == 0 && file && !S_ISFIFO(file->mode))
		return refuse("its path is not that of a FIFO", ret_reason);
	return r;
}

int pipe_check(const Cr__OpenFile *file, const Cr__Pipe *pipe, bool is_fifo, const char **ret_reason)
{
	uint32_t possible = pipe_end_is_original(file->flags) && !is_fifo ? ORIGINAL_FLAGS : OPENED_FLAGS;
	int r;

	if (is_fifo)
		possible |= O_NOFOLLOW;
	if (file->flags & ~possible || (file->flags & O_ACCMODE) == O_ACCMODE)
		return refuse("it has flags that a pipe cannot have", ret_reason);
	if (!is_fifo && pipe_end_is_original(file->flags) && (file->flags & O_ACCMODE) == O_RDWR)
		return refuse("it has flags that a pipe cannot have", ret_reason);
	if (file->position != 0)
		return refuse("it has a position", ret_reason);
	if (pipe->first_id == 0 || (pipe->first_id == file->id) != !!pipe->state)
		return refuse("it does not tell which pipe it is of", ret_reason);
	if (pipe->is_quiet && (!is_fifo || !pipe_end_reads(file->flags) || pipe_end_writes(file->flags)))
		return refuse("it is quiet, but not for reading a FIFO", ret_reason);
	r = check_file(pipe->file, is_fifo, file->flags, ret_reason);
	return r < 0 || !pipe->state ? r : check_state(pipe->state, ret_reason);
}
