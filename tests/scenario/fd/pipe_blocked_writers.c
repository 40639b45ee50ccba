/* SPDX-License-Identifier: MIT */
/* Threads that wait for room in a full pipe go on waiting, and are woken when it is read; nothing is lost or
 * doubled. */
#include "pipe_waiters.h"

#define FULL 65536
#define SIZE PIPE_WAITER_SIZE

static ssize_t wait_write(struct pipe_waiter *waiter)
{
	return write(waiter->pipe.write_fd, waiter->data, SIZE);
}

static ssize_t wait_writev(struct pipe_waiter *waiter)
{
	struct iovec parts[] = {{waiter->data, 1}, {waiter->data + 1, SIZE - 1}};

	return writev(waiter->pipe.write_fd, parts, 2);
}

static ssize_t wait_poll(struct pipe_waiter *waiter)
{
	struct pollfd poll_fd = {.fd = waiter->pipe.write_fd, .events = POLLOUT};

	scenario_check_equal(syscall(SYS_poll, &poll_fd, 1, -1), 1);
	scenario_check_equal(poll_fd.revents, POLLOUT);
	return wait_write(waiter);
}

static ssize_t wait_splice(struct pipe_waiter *waiter)
{
	return splice(waiter->other.read_fd, NULL, waiter->pipe.write_fd, NULL, SIZE, 0);
}

static ssize_t wait_vmsplice(struct pipe_waiter *waiter)
{
	struct iovec part = {waiter->data, SIZE};

	return vmsplice(waiter->pipe.write_fd, &part, 1, 0);
}

static struct pipe_waiter waiters[] = {
	{.name = "write", .number = SYS_write, .wait = wait_write},
	{.name = "writev", .number = SYS_writev, .wait = wait_writev},
	{.name = "poll", .number = SYS_poll, .wait = wait_poll},
	{.name = "splice", .number = SYS_splice, .wait = wait_splice},
	{.name = "vmsplice", .number = SYS_vmsplice, .wait = wait_vmsplice},
};

#define WAITERS (sizeof(waiters) / sizeof(waiters[0]))

int main(void)
{
	for (size_t i = 0; i < WAITERS; i++) {
		waiters[i].pipe = pipes_make(0);
		waiters[i].other = pipes_make(0);
		scenario_fill(waiters[i].data, SIZE, i);
		pipes_write(waiters[i].other.write_fd, waiters[i].data, SIZE);
		pipes_write_filled(waiters[i].pipe.write_fd, FULL, i + 100);
		pipe_waiter_start(&waiters[i]);
	}

	scenario_checkpoint();
	for (size_t i = 0; i < WAITERS; i++) {
		pipe_waiter_check_waiting(&waiters[i]);
		scenario_check_equal(pipes_held(waiters[i].pipe.read_fd), FULL);
	}
	for (size_t i = 0; i < WAITERS; i++) {
		pipes_read_filled(waiters[i].pipe.read_fd, FULL, FULL, i + 100);
		pipe_waiter_join(&waiters[i], SIZE);
		pipes_read_filled(waiters[i].pipe.read_fd, FULL, SIZE, i);
	}
	scenario_pass();
}
