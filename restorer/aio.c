/* SPDX-License-Identifier: MIT */
/* Makes AIO contexts: the kernel chooses a place, from which the ring is moved, and counts the events up to
 * its tail. */
#include "restorer/aio.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/log.h"
#include "format/task/aio.h"

/* Requests in one io_submit(2): so many pointers fit into a batch. */
#define SUBMIT_MAX 4096U

static uint64_t context_size(const Cr__Memory *memory, const Cr__AioContext *context)
{
	for (size_t i = 0; i < memory->n_mappings; i++)
		if (memory->mappings[i]->start == context->start)
			return memory->mappings[i]->end - memory->mappings[i]->start;
	return 0;
}

/* "0-3,8-11": those that there can be, which is what the kernel sizes its rings by. */
static unsigned processors(void)
{
	cleanup_free char *text = NULL;
	unsigned last = 0;

	if (file_read_at(AT_FDCWD, "/sys/devices/system/cpu/possible", 4096, &text, NULL) < 0)
		return (unsigned)MAX(sysconf(_SC_NPROCESSORS_CONF), 1L);
	for (const char *at = text; *at;) {
		char *end;

		last = (unsigned)strtoul(at, &end, 10);
		at = *end ? end + 1 : end;
		if (end == at)
			break;
	}
	return last + 1;
}

static int read_number(const char *path, uint64_t *ret_number)
{
	cleanup_free char *text = NULL;
	int r = file_read_at(AT_FDCWD, path, 64, &text, NULL);

	if (r < 0)
		return log_error_errno(r, "cannot read '%s'", path);
	*ret_number = strtoull(text, NULL, 10);
	return 0;
}

static void plan_context(struct restore *restore, const struct task *task, const Cr__AioContext *context,
			 uint64_t *requests)
{
	uint32_t count = aio_requests(context_size(task->memory, context), processors());

	if (count == 0)
		blockers_add(
			&restore->blockers,
			"pid %d has an AIO context (io_setup) that would be larger here, where there are %u "
			"processors",
			task->image->pid, processors());
	*requests += count;
}

int aio_plan(struct restore *restore)
{
	uint64_t requests = 0, limit = 0, used = 0;
	int r;

	for (size_t i = 0; i < restore->tasks_count; i++) {
		const struct task *task = &restore->tasks[i];

		if (!task->memory || !task_owns(task, SHARED_MEMORY))
			continue;
		for (size_t k = 0; k < task->memory->n_aio_contexts; k++)
			plan_context(restore, task, task->memory->aio_contexts[k], &requests);
	}
	if (requests == 0)
		return 0;
	r = read_number("/proc/sys/fs/aio-max-nr", &limit);
	if (r == 0)
		r = read_number("/proc/sys/fs/aio-nr", &used);
	if (r == 0 && used + requests > limit)
		blockers_add(&restore->blockers,
			     "the AIO contexts of the program take %ju requests, of which %ju are left on "
			     "this host: raise "
			     "fs.aio-max-nr (%ju) with sysctl",
			     (uintmax_t)requests, (uintmax_t)(limit > used ? limit - used : 0),
			     (uintmax_t)limit);
	return r;
}

/* Somewhere, but not at START, which is kept for it. *RET_ADDRESS is where the kernel has put it. */
static int set_up(struct puppet *puppet, uint64_t start, uint64_t size, uint32_t requests,
		  uint64_t *ret_address)
{
	struct batch *batch = puppet_batch(puppet);
	uint64_t none = 0, address = batch_data(batch, &none, sizeof(none));
	int r;

	batch_call(batch, SYS_mmap, start, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
		   (uint64_t)-1, 0);
	batch_call(batch, SYS_io_setup, requests, address);
	r = puppet_run(puppet, "making an AIO context");
	if (r == 0)
		memcpy(ret_address, batch_data_at(batch, address), sizeof(*ret_address));
	return r;
}

static int open_null(struct puppet *puppet, int *ret_fd)
{
	struct batch *batch = puppet_batch(puppet);
	unsigned opened = batch_call(batch, SYS_openat, (uint64_t)AT_FDCWD, batch_string(batch, "/dev/null"),
				     O_RDONLY | O_CLOEXEC);
	int r = puppet_run(puppet, "making an AIO context");

	if (r == 0)
		*ret_fd = (int)batch_result(batch, opened);
	return r;
}

/* COUNT reads of nothing, SUBMIT_MAX at most, which are done at once: each puts an event into the ring. */
static int submit(struct puppet *puppet, uint64_t context, int null_fd, uint32_t count)
{
	const struct iocb control = {.aio_lio_opcode = IOCB_CMD_PREAD, .aio_fildes = (uint32_t)null_fd};
	cleanup_free uint64_t *pointers = malloc(count * sizeof(*pointers));
	struct batch *batch = puppet_batch(puppet);
	uint64_t address = batch_data(batch, &control, sizeof(control));
	unsigned submitted;
	int r;

	if (!pointers)
		return log_error_errno(-ENOMEM, "cannot make an AIO context");
	for (uint32_t i = 0; i < count; i++)
		pointers[i] = address;
	submitted = batch_call(batch, SYS_io_submit, context, count,
			       batch_data(batch, pointers, count * sizeof(*pointers)));
	r = puppet_run(puppet, "making an AIO context");
	if (r == 0 && batch_result(batch, submitted) != count)
		return log_error_errno(-EIO, "an AIO context takes fewer events than it had");
	return r;
}

/* What the kernel takes for the next event that the program has not taken. */
static int set_head(const struct puppet *puppet, uint64_t context, uint32_t head)
{
	int r = remote_write(puppet->tracee.tid, remote_address(context + offsetof(struct aio_ring, head)),
			     &head, sizeof(head));

	return r < 0 ? log_error_errno(r, "cannot write to an AIO context") : 0;
}

/*
 * The kernel counts free room by what it has put into the ring and what has been taken. So as many events as
 * have been taken are put and taken, in small steps as it gives out room in portions, and then those that
 * wait are put.
 */
static int count_up(struct puppet *puppet, const Cr__AioContext *context, uint32_t slots, int null_fd)
{
	uint32_t waiting = aio_waiting(context->head, context->tail, slots),
		 step = MIN(slots / 4, SUBMIT_MAX);
	int r = 0;

	for (uint32_t done = 0; r == 0 && done < context->head; done += MIN(context->head - done, step)) {
		r = submit(puppet, context->start, null_fd, MIN(context->head - done, step));
		if (r == 0)
			r = set_head(puppet, context->start, done + MIN(context->head - done, step));
	}
	for (uint32_t done = 0; r == 0 && done < waiting; done += MIN(waiting - done, SUBMIT_MAX))
		r = submit(puppet, context->start, null_fd, MIN(waiting - done, SUBMIT_MAX));
	return r;
}

/* The kernel gives room to each processor: all of it must go to one. *ALL is what to set back, empty if
 * nothing is. */
static void use_one_processor(pid_t pid, cpu_set_t *all)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	if (sched_getaffinity(pid, sizeof(*all), all) < 0)
		CPU_ZERO(all);
	for (unsigned i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
		if (CPU_ISSET(i, all))
			CPU_SET(i, &one);
	if (CPU_COUNT(&one) > 0 && sched_setaffinity(pid, sizeof(one), &one) < 0)
		CPU_ZERO(all);
}

static int count_on_one_processor(struct puppet *puppet, const Cr__AioContext *context, uint32_t slots)
{
	pid_t pid = puppet->tracee.tid;
	int null_fd = -EBADF, r = open_null(puppet, &null_fd);
	cpu_set_t all;

	if (r < 0)
		return r;
	use_one_processor(pid, &all);
	r = count_up(puppet, context, slots, null_fd);
	if (CPU_COUNT(&all) > 0 && sched_setaffinity(pid, sizeof(all), &all) < 0 && r == 0)
		r = log_error_errno(-errno, "cannot set its CPU affinity back");
	if (r < 0)
		return r;
	batch_call(puppet_batch(puppet), SYS_close, (uint64_t)null_fd);
	return puppet_run(puppet, "making an AIO context");
}

/* The events that the program has not taken, and where they begin. */
static int write_events(pid_t pid, const Cr__AioContext *context, uint32_t slots)
{
	uint64_t events = context->start + sizeof(struct aio_ring);
	size_t size = context->events.len;
	size_t first = MIN(size, (size_t)(slots - context->head) * AIO_EVENT_SIZE);
	int r = remote_write(pid, remote_address(events + (uint64_t)context->head * AIO_EVENT_SIZE),
			     context->events.data, first);

	if (r == 0)
		r = remote_write(pid, remote_address(events), context->events.data + first, size - first);
	return r < 0 ? log_error_errno(r, "cannot write the events of an AIO context") : 0;
}

static int make_context(struct task *task, const Cr__AioContext *context)
{
	const uint64_t flags = MREMAP_MAYMOVE | MREMAP_FIXED;
	uint64_t size = context_size(task->memory, context), address = 0;
	struct puppet *puppet = task_puppet(task);
	int r = set_up(puppet, context->start, size, aio_requests(size, processors()), &address);

	if (r == 0) {
		batch_call(puppet_batch(puppet), SYS_mremap, address, size, size, flags, context->start);
		r = puppet_run(puppet, "moving an AIO context to its place");
	}
	if (r == 0 && (context->head > 0 || context->tail > 0))
		r = count_on_one_processor(puppet, context, aio_slots(size));
	return r < 0 ? r : write_events(puppet->tracee.tid, context, aio_slots(size));
}

int aio_make(struct task *task)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < task->memory->n_aio_contexts; i++)
		r = make_context(task, task->memory->aio_contexts[i]);
	return r;
}
