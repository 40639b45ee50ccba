/* SPDX-License-Identifier: MIT */
/* Makes io_urings that cannot be preserved, for refusal_target. */
#include "hold_io_uring.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <linux/time_types.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define ENTRIES 4
#define SETUP_SINGLE_ISSUER (1U << 12)
#define SETUP_DEFER_TASKRUN (1U << 13)

struct ring {
	int fd;
	struct io_uring_params params;
	char *memory;
	struct io_uring_sqe *sqes;
};

static int ring_make(struct ring *ring, unsigned flags)
{
	*ring = (struct ring){.params.flags = flags};
	ring->fd = (int)syscall(SYS_io_uring_setup, ENTRIES, &ring->params);
	if (ring->fd < 0)
		return -1;
	ring->memory = mmap(NULL, (size_t)getpagesize(), PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd,
			    IORING_OFF_SQ_RING);
	ring->sqes = mmap(NULL, (size_t)getpagesize(), PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd,
			  IORING_OFF_SQES);
	return ring->memory == MAP_FAILED || (void *)ring->sqes == MAP_FAILED ? -1 : 0;
}

static int ring_submit(struct ring *ring, const struct io_uring_sqe *sqe)
{
	unsigned *tail = (unsigned *)(void *)(ring->memory + ring->params.sq_off.tail);
	unsigned *array = (unsigned *)(void *)(ring->memory + ring->params.sq_off.array);
	unsigned index = *tail & (ENTRIES - 1);

	ring->sqes[index] = *sqe;
	array[index] = index;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	return syscall(SYS_io_uring_enter, ring->fd, 1, 0, 0, NULL, 0) == 1 ? 0 : -1;
}

static int open_with(const struct io_uring_sqe *sqe)
{
	struct ring ring;

	return ring_make(&ring, 0) < 0 || ring_submit(&ring, sqe) < 0 ? -1 : ring.fd;
}

static int open_reading(void)
{
	static char byte;
	struct io_uring_sqe sqe = {.opcode = IORING_OP_READ, .addr = (uintptr_t)&byte, .len = 1};
	int pipes[2];

	if (pipe(pipes) < 0)
		return -1;
	sqe.fd = pipes[0];
	return open_with(&sqe);
}

static int open_polling(void)
{
	struct io_uring_sqe sqe = {.opcode = IORING_OP_POLL_ADD, .poll32_events = POLLIN};

	sqe.fd = eventfd(0, 0);
	return open_with(&sqe);
}

static int open_timeout(void)
{
	static const struct __kernel_timespec limit = {.tv_sec = 1000};
	const struct io_uring_sqe sqe = {
		.opcode = IORING_OP_TIMEOUT, .fd = -1, .addr = (uintptr_t)&limit, .len = 1};

	return open_with(&sqe);
}

/* More completions than there is room for. */
static int open_overflown(void)
{
	const struct io_uring_sqe sqe = {.opcode = IORING_OP_NOP, .fd = -1};
	struct ring ring;

	if (ring_make(&ring, 0) < 0)
		return -1;
	for (unsigned i = 0; i <= ring.params.cq_entries; i++)
		if (ring_submit(&ring, &sqe) < 0)
			return -1;
	return ring.fd;
}

static int open_polled(void)
{
	struct ring ring;

	return ring_make(&ring, IORING_SETUP_SQPOLL) < 0 ? -1 : ring.fd;
}

static int open_personality(void)
{
	struct ring ring;

	if (ring_make(&ring, 0) < 0 ||
	    syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_PERSONALITY, NULL, 0) < 0)
		return -1;
	return ring.fd;
}

static int open_restricted(void)
{
	const struct io_uring_restriction restriction = {.opcode = IORING_RESTRICTION_SQE_OP,
							 .sqe_op = IORING_OP_NOP};
	struct ring ring;

	if (ring_make(&ring, IORING_SETUP_R_DISABLED) < 0 ||
	    syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_RESTRICTIONS, &restriction, 1) < 0)
		return -1;
	return ring.fd;
}

static int open_providing(void)
{
	static char buffer[64];
	const struct io_uring_sqe sqe = {.opcode = IORING_OP_PROVIDE_BUFFERS,
					 .fd = 1,
					 .addr = (uintptr_t)buffer,
					 .len = sizeof(buffer)};

	return open_with(&sqe);
}

/* Registers a page, and does something with it then. */
static int open_buffer(char **ret_page)
{
	size_t size = (size_t)getpagesize();
	struct ring ring;
	struct iovec vector = {.iov_len = size};

	*ret_page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	vector.iov_base = *ret_page;
	if (*ret_page == MAP_FAILED || ring_make(&ring, 0) < 0 ||
	    syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_BUFFERS, &vector, 1) < 0)
		return -1;
	return ring.fd;
}

static int open_buffer_gone(void)
{
	char *page;
	int fd = open_buffer(&page);

	if (fd < 0 || madvise(page, (size_t)getpagesize(), MADV_DONTNEED) < 0)
		return -1;
	*page = 1;
	return fd;
}

static int open_buffer_protected(void)
{
	char *page;
	int fd = open_buffer(&page);

	return fd < 0 || mprotect(page, (size_t)getpagesize(), PROT_READ) < 0 ? -1 : fd;
}

/* Registered, and closed then. */
static int open_hidden_file(void)
{
	int fd = eventfd(0, 0);
	struct ring ring;

	if (fd < 0 || ring_make(&ring, 0) < 0 ||
	    syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_FILES, &fd, 1) < 0)
		return -1;
	close(fd);
	return ring.fd;
}

static int open_hidden_eventfd(void)
{
	int fd = eventfd(0, 0);
	struct ring ring;

	if (fd < 0 || ring_make(&ring, 0) < 0 ||
	    syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_EVENTFD, &fd, 1) < 0)
		return -1;
	close(fd);
	return ring.fd;
}

/* What is mapped of it stays. */
static int open_closed(void)
{
	struct ring ring;

	if (ring_make(&ring, 0) < 0)
		return -1;
	close(ring.fd);
	return eventfd(0, 0);
}

static void *make_in_thread(void *ring)
{
	return ring_make(ring, SETUP_SINGLE_ISSUER) < 0 ? NULL : ring;
}

static int open_orphan(void)
{
	static struct ring ring;
	pthread_t thread;
	void *result;

	if (pthread_create(&thread, NULL, make_in_thread, &ring) != 0 || pthread_join(thread, &result) != 0 ||
	    !result)
		return -1;
	return ring.fd;
}

/* What is polled for is there, but the thread has not looked, and so neither has the request. */
static int open_deferred_polling(void)
{
	struct io_uring_sqe sqe = {.opcode = IORING_OP_POLL_ADD, .poll32_events = POLLIN};
	uint64_t one = 1;
	struct ring ring;

	sqe.fd = eventfd(0, 0);
	if (sqe.fd < 0 || ring_make(&ring, SETUP_SINGLE_ISSUER | SETUP_DEFER_TASKRUN) < 0 ||
	    ring_submit(&ring, &sqe) < 0 || write(sqe.fd, &one, sizeof(one)) != sizeof(one))
		return -1;
	return ring.fd;
}

/* A request has completed, and an eventfd is to be told of it. */
static int open_deferred_eventfd(void)
{
	const struct io_uring_sqe sqe = {.opcode = IORING_OP_NOP, .fd = -1, .flags = IOSQE_ASYNC};
	int fd = eventfd(0, 0);
	uint64_t count;
	struct ring ring;

	if (fd < 0 || ring_make(&ring, SETUP_SINGLE_ISSUER | SETUP_DEFER_TASKRUN) < 0 ||
	    syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_EVENTFD, &fd, 1) < 0 ||
	    ring_submit(&ring, &sqe) < 0 || read(fd, &count, sizeof(count)) != sizeof(count))
		return -1;
	return ring.fd;
}

static int open_idle(void)
{
	struct ring ring;

	return ring_make(&ring, 0) < 0 ? -1 : ring.fd;
}

static const struct {
	const char *name;
	int (*open)(void);
} kinds[] = {
	{"io_uring", open_idle},
	{"io_uring-reading", open_reading},
	{"io_uring-polling", open_polling},
	{"io_uring-timeout", open_timeout},
	{"io_uring-overflown", open_overflown},
	{"io_uring-polled", open_polled},
	{"io_uring-personality", open_personality},
	{"io_uring-restricted", open_restricted},
	{"io_uring-providing", open_providing},
	{"io_uring-buffer-gone", open_buffer_gone},
	{"io_uring-buffer-protected", open_buffer_protected},
	{"io_uring-hidden-file", open_hidden_file},
	{"io_uring-hidden-eventfd", open_hidden_eventfd},
	{"io_uring-closed", open_closed},
	{"io_uring-orphan", open_orphan},
	{"io_uring-deferred-polling", open_deferred_polling},
	{"io_uring-deferred-eventfd", open_deferred_eventfd},
};

int hold_io_uring(const char *what)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(what, kinds[i].name) == 0)
			return kinds[i].open();
	return -2;
}
