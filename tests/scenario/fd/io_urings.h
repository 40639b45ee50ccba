/* SPDX-License-Identifier: MIT */
/* What the scenarios of io_uring(7) have in common: rings by the bare system calls. */
#pragma once

#include <dirent.h>
#include <linux/io_uring.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

/* Newer than the headers of many systems. */
#define RING_SETUP_SINGLE_ISSUER (1U << 12)
#define RING_SETUP_DEFER_TASKRUN (1U << 13)
#define RING_SETUP_NO_SQARRAY (1U << 16)

struct ring {
	int fd;
	struct io_uring_params params;
	char *memory;
	struct io_uring_sqe *sqes;
	unsigned entry_size, completion_size; /* in those of the smallest kind */
};

/* Whether the thread is one of the kernel's workers, and at work. */
static inline bool is_busy_worker(const char *tid)
{
	char path[64], text[256] = "", *comm_end;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%.16s/stat", tid);
	file = fopen(path, "re");
	if (!file)
		return false;
	(void)!fgets(text, sizeof(text), file);
	fclose(file);
	comm_end = strrchr(text, ')');
	return strstr(text, "(iou-wrk-") && comm_end && comm_end[1] == ' ' && comm_end[2] != 'S';
}

static inline size_t ring_size(const struct ring *ring)
{
	size_t array = ring->params.sq_off.array + ring->params.sq_entries * sizeof(unsigned);
	size_t end = ring->params.cq_off.cqes +
		     ring->params.cq_entries * ring->completion_size * sizeof(struct io_uring_cqe);

	return end > array ? end : array;
}

static inline size_t ring_entries_size(const struct ring *ring)
{
	return ring->params.sq_entries * ring->entry_size * sizeof(struct io_uring_sqe);
}

static inline void ring_map(struct ring *ring)
{
	ring->memory = scenario_call(mmap(NULL, ring_size(ring), PROT_READ | PROT_WRITE,
					  MAP_SHARED | MAP_POPULATE, ring->fd, IORING_OFF_SQ_RING));
	ring->sqes = scenario_call(mmap(NULL, ring_entries_size(ring), PROT_READ | PROT_WRITE,
					MAP_SHARED | MAP_POPULATE, ring->fd, IORING_OFF_SQES));
}

/* Skips where there is none, or none of that kind. */
static inline struct ring ring_make(unsigned entries, unsigned flags)
{
	struct ring ring = {
		.params.flags = flags,
		.entry_size = flags & IORING_SETUP_SQE128 ? 2 : 1,
		.completion_size = flags & IORING_SETUP_CQE32 ? 2 : 1,
	};

	ring.fd = (int)syscall(SYS_io_uring_setup, entries, &ring.params);
	if (ring.fd < 0)
		scenario_skip("io_uring_setup: %s%s", strerror(errno),
			      errno == EPERM ? " (kernel.io_uring_disabled)" : "");
	ring_map(&ring);
	return ring;
}

static inline unsigned *ring_word(const struct ring *ring, unsigned offset)
{
	return (unsigned *)(void *)(ring->memory + offset);
}

/* The next entry, empty; its opcode and user_data are set. It is to be submitted with the others. */
static inline struct io_uring_sqe *ring_prepare(struct ring *ring, unsigned opcode, uint64_t data)
{
	unsigned *tail = ring_word(ring, ring->params.sq_off.tail);
	unsigned index = *tail & (ring->params.sq_entries - 1);
	struct io_uring_sqe *sqe = &ring->sqes[index * ring->entry_size];

	scenario_check(*tail - *ring_word(ring, ring->params.sq_off.head) < ring->params.sq_entries);
	memset(sqe, 0, ring->entry_size * sizeof(*sqe));
	sqe->opcode = (uint8_t)opcode;
	sqe->user_data = data;
	sqe->fd = -1;
	if (!(ring->params.flags & RING_SETUP_NO_SQARRAY))
		ring_word(ring, ring->params.sq_off.array)[index] = index;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	return sqe;
}

static inline void ring_enter(struct ring *ring, unsigned submit, unsigned wait)
{
	scenario_check_equal(scenario_call(syscall(SYS_io_uring_enter, ring->fd, submit, wait,
						   wait > 0 ? IORING_ENTER_GETEVENTS : 0, NULL, 0)),
			     submit);
}

static inline void ring_wait_workers(void)
{
	bool is_busy = true;

	while (is_busy) {
		DIR *tasks = opendir("/proc/self/task");
		struct dirent *entry;

		scenario_check(tasks != NULL);
		is_busy = false;
		while ((entry = readdir(tasks)))
			is_busy = is_busy || is_busy_worker(entry->d_name);
		closedir(tasks);
		sched_yield();
	}
}

/*
 * A worker that has completed a request has yet to free it, and leaves that to the thread that submitted it,
 * which is this one: it does so at the end of a system call, or, with IORING_SETUP_DEFER_TASKRUN, when it
 * looks for completions. Until then the request is in flight for all who look.
 */
static inline void ring_rest(const struct ring *ring)
{
	ring_wait_workers();
	scenario_call(syscall(SYS_io_uring_enter, ring->fd, 0, 0, IORING_ENTER_GETEVENTS, NULL, 0));
}

static inline unsigned ring_waiting(const struct ring *ring)
{
	return __atomic_load_n(ring_word(ring, ring->params.cq_off.tail), __ATOMIC_ACQUIRE) -
	       *ring_word(ring, ring->params.cq_off.head);
}

/* The oldest completion, which must be there. */
static inline struct io_uring_cqe *ring_peek(const struct ring *ring)
{
	struct io_uring_cqe *cqes = (void *)(ring->memory + ring->params.cq_off.cqes);
	unsigned head = *ring_word(ring, ring->params.cq_off.head);

	scenario_check(ring_waiting(ring) > 0);
	return &cqes[(head & (ring->params.cq_entries - 1)) * ring->completion_size];
}

static inline void ring_advance(const struct ring *ring)
{
	unsigned *head = ring_word(ring, ring->params.cq_off.head);

	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
}

/* Takes one, which must have this user_data and result. */
static inline void ring_expect(const struct ring *ring, uint64_t data, int result)
{
	const struct io_uring_cqe *cqe = ring_peek(ring);

	scenario_check_equal(cqe->user_data, data);
	scenario_check_equal(cqe->res, result);
	ring_advance(ring);
}

/* One request that does nothing, from beginning to end. */
static inline void ring_turn(struct ring *ring, uint64_t data)
{
	ring_prepare(ring, IORING_OP_NOP, data);
	ring_enter(ring, 1, 1);
	ring_expect(ring, data, 0);
}

/* As many as go round all of it, some times. */
static inline void ring_check_works(struct ring *ring)
{
	for (unsigned i = 0; i < 3 * ring->params.cq_entries; i++)
		ring_turn(ring, 1000 + i);
	scenario_check_equal(ring_waiting(ring), 0);
	scenario_check_equal(*ring_word(ring, ring->params.cq_off.overflow), 0);
	scenario_check_equal(*ring_word(ring, ring->params.sq_off.dropped), 0);
}
