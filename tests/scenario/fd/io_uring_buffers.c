/* SPDX-License-Identifier: MIT */
/* needs: root */
/*
 * Buffers that are registered with an io_uring are registered again, at their indexes, with tags: the memory
 * that requests read and write is that of the program.
 */
#include <fcntl.h>
#include <sys/uio.h>

#include "io_urings.h"

#define BUFFERS 600
#define SIZE 20000 /* over several pages, from within one */
#define SMALL 3
#define LARGE 500
#define TAG 4711

static char *memory;

static void set_buffer(const struct ring *ring, unsigned index, char *start, size_t size, uint64_t tag)
{
	const struct iovec vector = {.iov_base = start, .iov_len = size};
	const struct io_uring_rsrc_update2 update = {
		.offset = index, .data = (uintptr_t)&vector, .tags = (uintptr_t)&tag, .nr = 1};

	scenario_check_equal(scenario_call(syscall(SYS_io_uring_register, ring->fd,
						   IORING_REGISTER_BUFFERS_UPDATE, &update, sizeof(update))),
			     1);
}

static void transfer(struct ring *ring, unsigned opcode, int fd, unsigned index, char *start, unsigned size)
{
	struct io_uring_sqe *sqe = ring_prepare(ring, opcode, index);

	sqe->fd = fd;
	sqe->addr = (uintptr_t)start;
	sqe->len = size;
	sqe->buf_index = (uint16_t)index;
	ring_enter(ring, 1, 1);
	ring_expect(ring, index, (int)size);
}

static void use(struct ring *ring, int fd, char filling)
{
	char *large = memory + 100, *small = memory + SIZE + 8192, back[SIZE];

	memset(large, filling, SIZE);
	transfer(ring, IORING_OP_WRITE_FIXED, fd, LARGE, large, SIZE);
	scenario_check_equal(pread(fd, back, SIZE, 0), SIZE);
	scenario_check(memcmp(back, large, SIZE) == 0);
	memset(back, filling + 1, SIZE);
	scenario_check_equal(pwrite(fd, back, SIZE, 0), SIZE);
	transfer(ring, IORING_OP_READ_FIXED, fd, LARGE, large, SIZE);
	transfer(ring, IORING_OP_READ_FIXED, fd, SMALL, small, 10);
	scenario_check(memcmp(back, large, SIZE) == 0);
	scenario_check(memcmp(back, small, 10) == 0);
}

int main(void)
{
	const struct io_uring_rsrc_register table = {.nr = BUFFERS, .flags = IORING_RSRC_REGISTER_SPARSE};
	int fd = scenario_call(open("file", O_RDWR | O_CREAT | O_CLOEXEC, 0600));
	struct ring ring = ring_make(8, RING_SETUP_SINGLE_ISSUER | RING_SETUP_DEFER_TASKRUN);

	memory = scenario_call(mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	scenario_call(
		syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_BUFFERS2, &table, sizeof(table)));
	set_buffer(&ring, SMALL, memory + SIZE + 8192, 10, TAG);
	set_buffer(&ring, LARGE, memory + 100, SIZE, 0);
	use(&ring, fd, 'a');
	ring_rest(&ring);
	scenario_checkpoint();
	scenario_check_equal(memory[100], 'b');
	use(&ring, fd, 'p');
	/* That a buffer with a tag is not used any more is told by a completion. */
	set_buffer(&ring, SMALL, NULL, 0, 0);
	ring_enter(&ring, 0, 1);
	ring_expect(&ring, TAG, 0);
	ring_check_works(&ring);
	scenario_pass();
}
