/* SPDX-License-Identifier: MIT */
/* Checks all that the tree has of one pipe as a whole. */
#include "dumper/fd/pipe_group.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "dumper/fd/external.h"
#include "dumper/holders.h"
#include "format/fd/pipe.h"

#define REMEDY                                                                                               \
	"dump the process that started them all, or start the program with a file in place of the pipe, or " \
	"%s"

/* Ends that a message names. */
#define DESCRIBED_ENDS 4

struct fd_object pipe_end_object(const struct pipe_end *end)
{
	return (struct fd_object){
		.type = end->is_fifo ? FD_OBJECT_FILE : FD_OBJECT_PIPE,
		.device = end->is_fifo ? end->file->device : 0,
		.inode = end->file->inode,
	};
}

const char *pipe_end_word(uint32_t flags)
{
	static const char *const words[] = {"read end", "write end", "both ends", "no end"};

	return flags & O_PATH ? "path only" : words[flags & O_ACCMODE];
}

int pipe_end_open_for_reading(const struct pipe_end *end, int our_fd, int *ret_fd)
{
	char path[64];
	int fd;

	if (pipe_end_reads(end->file->image.flags)) {
		fd = fcntl(our_fd, F_DUPFD_CLOEXEC, 0);
	} else {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", our_fd);
		fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	}
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

/* "fd 4", "fd 4 of pid 77" if that is not the process of the message, "a message in a queue". */
static const char *describe_place(struct arena *arena, const struct pipe_end *end,
				  const struct pipe_end *first)
{
	const char *text = "a message in a queue";

	if (end->file->process && end->file->process == first->file->process)
		text = arena_format(arena, "fd %d", end->file->fd);
	else if (end->file->process)
		text = arena_format(arena, "fd %d of pid %d", end->file->fd, (int)end->file->pid);
	return text ? text : "?";
}

/* "pipe:[4711] (read end; fd 4: write end)": what the tree has of it. */
static const char *describe(const struct pipe_group *group)
{
	struct arena *arena = &group->dump->arena;
	const struct pipe_end *first = group->first;
	const char *text =
		arena_format(arena, "%s (%s", first->name, pipe_end_word(first->file->image.flags));
	size_t used = 1, more = 0;

	for (size_t i = 0; text && i < group->count; i++) {
		const struct pipe_end *end = group->ends[i];

		if (end == first)
			continue;
		if (++used > DESCRIBED_ENDS)
			more++;
		else
			text = arena_format(arena, "%s; %s: %s", text, describe_place(arena, end, first),
					    pipe_end_word(end->file->image.flags));
	}
	if (text)
		text = more > 0 ? arena_format(arena, "%s; and %zu more)", text, more)
				: arena_format(arena, "%s)", text);
	return text ? text : first->name;
}

/* The holders outside that have an end: a mere path keeps nobody waiting. In the arena. */
static int find_outside(const struct pipe_group *group, const struct fd_holder **ret_holders,
			size_t *ret_count)
{
	struct fd_object object = pipe_end_object(group->first);
	const struct fd_holder *all = NULL;
	struct fd_holder *kept;
	size_t count = 0;
	int r = holders_find(group->dump, &object, &all, &count);

	*ret_count = 0;
	if (r < 0 || count == 0)
		return r;
	kept = arena_array(&group->dump->arena, struct fd_holder, count);
	if (!kept)
		return log_error_errno(-ENOMEM, "cannot note who else holds the pipe");
	for (size_t i = 0; i < count; i++) {
		if (!(all[i].flags & O_PATH))
			kept[(*ret_count)++] = all[i];
	}
	*ret_holders = kept;
	return 0;
}

static bool any_flags(const struct fd_holder *holders, size_t count, bool (*has)(uint32_t flags))
{
	for (size_t i = 0; i < count; i++) {
		if (has(holders[i].flags))
			return true;
	}
	return false;
}

static const char *advice(const struct pipe_group *group)
{
	if (group->first->is_fifo)
		return "end that process";
	return external_advice(group->dump, group->first->file, EXTERNAL_PIPE);
}

/* Of the blocker that was added last. */
static void add_detail(const struct pipe_group *group, const struct fd_holder *holders, size_t count)
{
	blockers_detail(&group->dump->blockers,
			&(struct blocker_detail){
				.reason = "held-outside",
				.open_file_id = group->first->file->image.id,
				.option = external_option(group->dump, group->first->file, EXTERNAL_PIPE),
				.holders = holders,
				.holders_count = count,
			});
}

/* 1 if somebody outside was seen to have an end of it. */
static int check_outside(const struct pipe_group *group)
{
	struct blockers *blockers = &group->dump->blockers;
	const struct fd_holder *holders = NULL;
	const char *outside;
	size_t count = 0;
	int r = find_outside(group, &holders, &count);

	if (r < 0 || count == 0)
		return r;
	outside = holders_describe(group->dump, holders, count);
	if (!group->reader && any_flags(holders, count, pipe_end_reads))
		blockers_add(blockers,
			     "%s: its read end is held outside of what is dumped, by %s; restored alone, the "
			     "program would write to nobody and die of SIGPIPE: " REMEDY,
			     describe(group), outside, advice(group));
	else if (!group->writer && any_flags(holders, count, pipe_end_writes))
		blockers_add(
			blockers,
			"%s: its write end is held outside of what is dumped, by %s; restored alone, the "
			"program would read an end of file: " REMEDY,
			describe(group), outside, advice(group));
	else
		blockers_add(
			blockers,
			"%s: it is shared with %s, outside of what is dumped; after a restore they would "
			"not be connected any more: " REMEDY,
			describe(group), outside, advice(group));
	add_detail(group, holders, count);
	return 1;
}

static int refuse_unseen(const struct pipe_group *group, const char *end)
{
	blockers_add(
		&group->dump->blockers,
		"%s: its %s end is open somewhere that cannot be seen from here: in another pid namespace, "
		"in a message on its way, or in a process that may not be looked at%s; restored alone, the "
		"program would be cut off from it: " REMEDY,
		describe(group), end, holders_caveat(group->dump), advice(group));
	add_detail(group, NULL, 0);
	return 1;
}

/*
 * Whether there is a writer, though none in the tree: 1 or 0. A reader of a FIFO that was opened when there
 * was none hears of it (POLLHUP) only after one has come and gone: it is quiet until then.
 */
static int find_unseen_writer(const struct pipe_group *group, struct pipe_peek *peek)
{
	cleanup_close int fd = -EBADF;
	int r;

	for (size_t i = 0; i < group->count; i++) {
		if (group->ends[i]->events & POLLHUP)
			return 0;
	}
	if (!group->reader->is_fifo || group->reader->bytes > 0)
		return 1;
	r = open_file_take(group->reader->file, &fd);
	return r < 0 ? r : pipe_peek_has_writer(peek, fd);
}

/* 1 if the kernel tells that an end which the tree lacks is open, though nobody was seen to have it. */
static int check_unseen(const struct pipe_group *group, struct pipe_peek *peek)
{
	int r;

	if (group->writer && !group->reader)
		return group->writer->events & POLLERR ? 0 : refuse_unseen(group, "read");
	if (!group->reader || group->writer)
		return 0;
	r = find_unseen_writer(group, peek);
	if (r < 0)
		return log_error_errno(r, "cannot find out whether the pipe has a writer");
	if (r > 0)
		return refuse_unseen(group, "write");
	for (size_t i = 0; i < group->count; i++) {
		struct pipe_end *end = group->ends[i];

		end->entry.is_quiet = pipe_end_reads(end->file->image.flags) && !(end->events & POLLHUP);
		if (end->entry.is_quiet && end->bytes > 0) {
			blockers_add(
				&group->dump->blockers,
				"%s: it has been opened for reading again while data of a writer that is "
				"gone was in it, which cannot be preserved: try again when it has been "
				"read",
				describe(group));
			return 1;
		}
	}
	return 0;
}

/* What no restore could make. */
static void check_kernel_state(const struct pipe_group *group)
{
	struct blockers *blockers = &group->dump->blockers;
	unsigned originals[O_ACCMODE + 1] = {0};

	if (group->first->is_notification)
		blockers_add(
			blockers,
			"%s: it is a queue of notifications (O_NOTIFICATION_PIPE, pipe(2)), which cannot be "
			"preserved",
			describe(group));
	for (size_t i = 0; i < group->count; i++) {
		uint32_t flags = group->ends[i]->file->image.flags;

		if (!group->first->is_fifo && pipe_end_is_original(flags))
			originals[flags & O_ACCMODE]++;
	}
	if (originals[O_RDONLY] > 1 || originals[O_WRONLY] > 1 || originals[O_RDWR] > 0)
		blockers_add(
			blockers,
			"%s: it has been opened anew without O_LARGEFILE, as a 32-bit program does, which "
			"cannot be preserved",
			describe(group));
}

static int store_runs(const struct pipe_group *group, const struct pipe_runs *runs)
{
	Cr__PipeState *state = &group->first->state;
	struct arena *arena = &group->dump->arena;
	Cr__PipeBuffers *buffers = arena_array(arena, Cr__PipeBuffers, runs->runs_count);
	uint64_t slots = 0;

	state->buffers = arena_array(arena, Cr__PipeBuffers *, runs->runs_count);
	if (!buffers || !state->buffers)
		return log_error_errno(-ENOMEM, "cannot note what is in the pipe");
	for (size_t i = 0; i < runs->runs_count; i++) {
		cr__pipe_buffers__init(&buffers[i]);
		buffers[i].size = runs->runs[i].size;
		buffers[i].count = runs->runs[i].count;
		buffers[i].is_packet = runs->runs[i].is_packet;
		slots += pipe_buffer_slots(buffers[i].size, buffers[i].count);
		state->buffers[state->n_buffers++] = &buffers[i];
	}
	group->first->file->contents_size = group->first->bytes;
	if (slots > state->capacity / PIPE_SLOT_SIZE)
		blockers_add(
			&group->dump->blockers,
			"%s: it holds more than its capacity, %u bytes, which splice(2) has put there in "
			"large pieces and which cannot be done again: try again when it has been read",
			describe(group), state->capacity);
	return 0;
}

static void runs_done(struct pipe_runs *runs)
{
	free(runs->runs);
}

static void refuse_contents(const struct pipe_group *group, int error)
{
	const struct pipe_end *first = group->first;

	if (error == -ENOSPC)
		blockers_add(
			&group->dump->blockers,
			"%s: what is in it, %u bytes, cannot be read: that takes a pipe of its capacity, %u "
			"bytes, which cr-dump may not make; give it CAP_SYS_RESOURCE, or raise "
			"fs.pipe-max-size and fs.pipe-user-pages-soft (sysctl)",
			describe(group), first->bytes, first->capacity);
	else
		blockers_add(&group->dump->blockers, "%s: what is in it, %u bytes, cannot be read: %s",
			     describe(group), first->bytes, strerror(-error));
}

static int look_inside(const struct pipe_group *group, struct pipe_peek *peek)
{
	cleanup_(runs_done) struct pipe_runs runs = {0};
	cleanup_close int our_fd = -EBADF, fd = -EBADF;
	const struct pipe_end *first = group->first;
	int r = open_file_take(first->file, &our_fd);

	if (r == 0)
		r = pipe_end_open_for_reading(first, our_fd, &fd);
	if (r == 0)
		r = pipe_peek_runs(peek, fd, first->capacity, first->bytes, &runs);
	if (r == 0)
		return store_runs(group, &runs);
	if (r == -ENOMEM || r == -EMFILE || r == -ENFILE)
		return log_error_errno(r, "cannot look into the pipe");
	refuse_contents(group, r);
	return 0;
}

static int check_contents(const struct pipe_group *group, struct pipe_peek *peek)
{
	if (group->first->bytes == 0)
		return 0;
	for (size_t i = 0; !group->reader && i < group->count; i++) {
		if (group->ends[i]->file->image.flags & O_ASYNC) {
			blockers_add(
				&group->dump->blockers,
				"%s: it holds data that nobody can read, and tells by a signal (O_ASYNC) "
				"when somebody looks",
				describe(group));
			return 0;
		}
	}
	return look_inside(group, peek);
}

static void arrange(struct pipe_group *group)
{
	for (size_t i = group->count; i-- > 0;) {
		uint32_t flags = group->ends[i]->file->image.flags;

		if (pipe_end_reads(flags))
			group->reader = group->ends[i];
		if (pipe_end_writes(flags))
			group->writer = group->ends[i];
	}
	group->first = group->reader ? group->reader : group->writer ? group->writer : group->ends[0];
	group->first->state.capacity = group->first->capacity;
	if (!group->first->is_fifo) {
		group->first->state.mode = group->first->mode;
		group->first->state.uid = group->first->uid;
		group->first->state.gid = group->first->gid;
	}
	group->first->entry.state = &group->first->state;
	for (size_t i = 0; i < group->count; i++)
		group->ends[i]->entry.first_id = group->first->file->image.id;
}

static int check(struct pipe_group *group, struct pipe_peek *peek)
{
	int r = check_outside(group);

	check_kernel_state(group);
	if (r == 0)
		r = check_unseen(group, peek);
	/* What others may change meanwhile need not be looked at. */
	return r < 0 ? r : r > 0 || group->first->is_notification ? 0 : check_contents(group, peek);
}

/* If it leads outside and may do so, all that the tree has of it has to be what is inherited. */
static int settle(const struct pipe_group *group, size_t blockers_count)
{
	int r = 1;

	for (size_t i = 0; r > 0 && i < group->count; i++)
		r = external_settle(group->dump, group->ends[i]->file, blockers_count);
	return MIN(r, 0);
}

int pipe_group_check(struct pipe_group *group, struct pipe_peek *peek)
{
	size_t blockers_count = group->dump->blockers.texts_count;
	int r;

	arrange(group);
	OPEN_FILE_LOG_SCOPE(group->first->file);
	r = check(group, peek);
	return r < 0 ? r : settle(group, blockers_count);
}
