/* SPDX-License-Identifier: MIT */
/* needs: root */
/* no-compare */
/* An io_uring of a process whose main thread has ended, with a buffer that is registered. */
#include <fcntl.h>
#include <pthread.h>
#include <sys/uio.h>

#include "io_urings.h"

static struct ring ring;
static char buffer[100];
static int file;

static void use_buffer(void)
{
	struct io_uring_sqe *sqe = ring_prepare(&ring, IORING_OP_WRITE_FIXED, 1);

	sqe->fd = file;
	sqe->addr = (uintptr_t)buffer;
	sqe->len = sizeof(buffer);
	ring_enter(&ring, 1, 1);
	ring_expect(&ring, 1, sizeof(buffer));
}

static void *go_on(void *main_thread)
{
	scenario_check(pthread_join(*(pthread_t *)main_thread, NULL) == 0);
	scenario_checkpoint();
	use_buffer();
	ring_check_works(&ring);
	scenario_pass();
}

int main(void)
{
	static pthread_t main_thread;
	const struct iovec vector = {.iov_base = buffer, .iov_len = sizeof(buffer)};
	pthread_t thread;

	main_thread = pthread_self();
	file = scenario_call(open("file", O_RDWR | O_CREAT | O_CLOEXEC, 0600));
	ring = ring_make(8, 0);
	scenario_call(syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_BUFFERS, &vector, 1));
	use_buffer();
	scenario_check(pthread_create(&thread, NULL, go_on, &main_thread) == 0);
	pthread_exit(NULL);
}
