/* SPDX-License-Identifier: MIT */
/* needs: root */
/*
 * What is registered with an io_uring is registered again: files at their indexes, with tags, an eventfd, the
 * limits of its workers, and the number by which a thread calls it.
 */
#include <fcntl.h>
#include <sys/eventfd.h>

#include "io_urings.h"

#define RING_REGISTER_RING_FDS 20
#define RING_ENTER_REGISTERED (1U << 4)
#define FILES 100
#define READ_INDEX 7
#define PIPE_INDEX 90
#define RING_INDEX 3
#define TAG 4711

static long register_at(const struct ring *ring, unsigned operation, const void *argument, unsigned count)
{
	return scenario_call(syscall(SYS_io_uring_register, ring->fd, operation, argument, count));
}

static void register_files(const struct ring *ring, int file, int writer)
{
	const int fds[2] = {file, writer};
	const uint64_t tags[2] = {TAG, 0};
	struct io_uring_rsrc_register table = {.nr = FILES, .flags = IORING_RSRC_REGISTER_SPARSE};
	struct io_uring_rsrc_update2 update = {
		.data = (uintptr_t)&fds[0], .tags = (uintptr_t)&tags[0], .nr = 1};

	register_at(ring, IORING_REGISTER_FILES2, &table, sizeof(table));
	update.offset = READ_INDEX;
	register_at(ring, IORING_REGISTER_FILES_UPDATE2, &update, sizeof(update));
	update = (struct io_uring_rsrc_update2){.offset = PIPE_INDEX, .data = (uintptr_t)&fds[1], .nr = 1};
	register_at(ring, IORING_REGISTER_FILES_UPDATE2, &update, sizeof(update));
}

static void use_file(struct ring *ring, unsigned opcode, unsigned index, char *byte, int result)
{
	struct io_uring_sqe *sqe = ring_prepare(ring, opcode, index);

	sqe->flags = IOSQE_FIXED_FILE;
	sqe->fd = (int)index;
	sqe->addr = (uintptr_t)byte;
	sqe->len = 1;
	/* By its registered number. */
	scenario_check_equal(scenario_call(syscall(SYS_io_uring_enter, RING_INDEX, 1, 1,
						   IORING_ENTER_GETEVENTS | RING_ENTER_REGISTERED, NULL, 0)),
			     1);
	ring_expect(ring, index, result);
}

static void use_files(struct ring *ring, int reader)
{
	char byte = '?';

	use_file(ring, IORING_OP_READ, READ_INDEX, &byte, 1);
	scenario_check_equal(byte, 'x');
	byte = 'y';
	use_file(ring, IORING_OP_WRITE, PIPE_INDEX, &byte, 1);
	scenario_check_equal(read(reader, &byte, 1), 1);
	scenario_check_equal(byte, 'y');
	use_file(ring, IORING_OP_WRITE, READ_INDEX + 1, &byte, -EBADF);
}

/* A completion has been told by it since it was asked the last time. */
static void check_counted(int counter)
{
	uint64_t value = 0;

	scenario_check_equal(read(counter, &value, sizeof(value)), sizeof(value));
	scenario_check(value > 0);
}

static void check_limits(const struct ring *ring, unsigned bounded, unsigned unbounded)
{
	unsigned limits[2] = {bounded, unbounded};

	register_at(ring, IORING_REGISTER_IOWQ_MAX_WORKERS, limits, 2);
	scenario_check_equal(limits[0], 3);
	scenario_check_equal(limits[1], 5);
}

int main(void)
{
	int file = scenario_call(open("file", O_RDWR | O_CREAT | O_CLOEXEC, 0600)), pipes[2];
	int counter = scenario_call(eventfd(0, EFD_NONBLOCK));
	struct ring ring = ring_make(8, 0);
	struct io_uring_rsrc_update number = {.offset = RING_INDEX, .data = (uint64_t)ring.fd};
	unsigned limits[2] = {3, 5};
	const int none = -1;
	const struct io_uring_rsrc_update forget = {.offset = READ_INDEX, .data = (uintptr_t)&none};

	scenario_call(pipe(pipes));
	scenario_check_equal(write(file, "xxxxxxxx", 8), 8);
	scenario_call(lseek(file, 0, SEEK_SET));
	register_files(&ring, file, pipes[1]);
	register_at(&ring, IORING_REGISTER_EVENTFD, &counter, 1);
	register_at(&ring, IORING_REGISTER_IOWQ_MAX_WORKERS, limits, 2);
	register_at(&ring, RING_REGISTER_RING_FDS, &number, 1);
	use_files(&ring, pipes[0]);
	check_counted(counter);
	ring_rest(&ring);
	scenario_checkpoint();
	check_limits(&ring, 3, 5);
	use_files(&ring, pipes[0]);
	check_counted(counter);
	scenario_check_equal(ring_waiting(&ring), 0);
	/* That a file with a tag is not used any more is told by a completion. */
	register_at(&ring, IORING_REGISTER_FILES_UPDATE, &forget, 1);
	ring_enter(&ring, 0, 1);
	ring_expect(&ring, TAG, 0);
	ring_check_works(&ring);
	scenario_pass();
}
