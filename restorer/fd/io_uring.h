/* SPDX-License-Identifier: MIT */
/* io_uring(7) at restore: what the files of this kind share. */
#pragma once

#include "format/fd/io_uring.h"
#include "restorer/fd/fd_restorer.h"

/* In object->state. */
struct made_ring {
	int fd; /* until it is opened; -EBADF */
};

static inline const Cr__IoUring *ring_image(const struct object *object)
{
	return (const Cr__IoUring *)object->entry;
}

/* The thread of the archive that is to make a ring, or to register it; NULL: there is none. */
struct puppet *ring_thread(struct restore *restore, pid_t tid);

/*
 * io_uring_advance.c: brings the kernel's counters to where those of the image are, by requests that do
 * nothing. OUR_FD leads to a new ring, that PUPPET has at FD.
 */
int must_check ring_advance(const Cr__IoUring *image, int our_fd, struct puppet *puppet, int fd);

/* io_uring_register.c: registers again what was registered with the ring. */
int must_check ring_register(struct restore *restore, struct object *object);
