/* SPDX-License-Identifier: MIT */
/* io_uring(7) at dump: what the files of this kind share. */
#pragma once

#include "common/kernel_io_uring.h"
#include "common/tracee/batch.h"
#include "dumper/fd/fd_dumper.h"
#include "format/fd/io_uring.h"

/* A ring of the tree, in the arena. */
struct ring_entry {
	const struct open_file *file;
	struct kernel_ring kernel;
	Cr__IoUring *image;
	bool has_completed; /* requests that have completed, of which its thread is still to be told */
	bool is_refused;    /* what the rest depends on could not be looked at, or is not to be saved */
};

/* The state of the kind. */
struct io_urings {
	struct kernel_rings *kernel; /* NULL: it cannot be looked at */
	struct ring_entry **entries;
	size_t entries_count, entries_capacity;
};

/* io_uring_flight.c: adds a blocker for requests that are in flight, with what is known of them. */
void io_uring_refuse_flight(struct dump *dump, const struct kernel_ring *ring, const struct fdinfo *fdinfo);

/*
 * For the aspect of tasks that does so: lets THREAD look for what has completed in rings that only it may
 * use, which changes nothing but these.
 */
void io_uring_ask(struct dump *dump, const struct process *process, const struct thread *thread,
		  struct batch *batch);

/*
 * io_uring_resources.c: what is registered with the rings, and which threads may use them; when all
 * descriptors of all processes are known. Adds blockers for what cannot be registered again.
 */
int must_check io_uring_resources_check(struct dump *dump, struct io_urings *rings);

/* io_uring_buffers.c: the buffers of one of them, when the thread that is to make it is known. */
int must_check io_uring_buffers_check(struct dump *dump, struct io_urings *rings, struct ring_entry *entry);
