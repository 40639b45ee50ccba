/* SPDX-License-Identifier: MIT */
/* Threads that wait for something to read go on waiting, each in its own call, and are woken by a writer. */
#include <sys/select.h>

#include "pipe_waiters.h"

static ssize_t wait_read(struct pipe_waiter *waiter)
{
	return read(waiter->pipe.read_fd, waiter->data, sizeof(waiter->data));
}

static ssize_t wait_readv(struct pipe_waiter *waiter)
{
	struct iovec parts[] = {{waiter->data, 2}, {waiter->data + 2, sizeof(waiter->data) - 2}};

	return readv(waiter->pipe.read_fd, parts, 2);
}

static ssize_t wait_poll(struct pipe_waiter *waiter)
{
	struct pollfd poll_fd = {.fd = waiter->pipe.read_fd, .events = POLLIN};

	scenario_check_equal(syscall(SYS_poll, &poll_fd, 1, -1), 1);
	scenario_check_equal(poll_fd.revents, POLLIN);
	return wait_read(waiter);
}

static ssize_t wait_ppoll(struct pipe_waiter *waiter)
{
	struct pollfd poll_fd = {.fd = waiter->pipe.read_fd, .events = POLLIN};

	scenario_check_equal(ppoll(&poll_fd, 1, &(struct timespec){.tv_sec = 100}, NULL), 1);
	return wait_read(waiter);
}

static ssize_t wait_select(struct pipe_waiter *waiter)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(waiter->pipe.read_fd, &set);
	scenario_check_equal(syscall(SYS_select, waiter->pipe.read_fd + 1, &set, NULL, NULL, NULL), 1);
	scenario_check(FD_ISSET(waiter->pipe.read_fd, &set));
	return wait_read(waiter);
}

static ssize_t wait_splice(struct pipe_waiter *waiter)
{
	scenario_check_equal(splice(waiter->pipe.read_fd, NULL, waiter->other.write_fd, NULL, 100, 0), 5);
	return read(waiter->other.read_fd, waiter->data, sizeof(waiter->data));
}

static ssize_t wait_tee(struct pipe_waiter *waiter)
{
	scenario_check_equal(tee(waiter->pipe.read_fd, waiter->other.write_fd, 100, 0), 5);
	scenario_check_equal(read(waiter->other.read_fd, waiter->data, sizeof(waiter->data)), 5);
	return wait_read(waiter);
}

static struct pipe_waiter waiters[] = {
	{.name = "read", .number = SYS_read, .wait = wait_read},
	{.name = "readv", .number = SYS_readv, .wait = wait_readv},
	{.name = "poll", .number = SYS_poll, .wait = wait_poll},
	{.name = "ppoll", .number = SYS_ppoll, .wait = wait_ppoll},
	{.name = "select", .number = SYS_select, .wait = wait_select},
	{.name = "splice", .number = SYS_splice, .wait = wait_splice},
	{.name = "tee", .number = SYS_tee, .wait = wait_tee},
};

#define WAITERS (sizeof(waiters) / sizeof(waiters[0]))

int main(void)
{
	for (size_t i = 0; i < WAITERS; i++) {
		waiters[i].pipe = pipes_make(0);
		waiters[i].other = pipes_make(0);
		pipe_waiter_start(&waiters[i]);
	}

	scenario_checkpoint();
	for (size_t i = 0; i < WAITERS; i++)
		pipe_waiter_check_waiting(&waiters[i]);
	for (size_t i = 0; i < WAITERS; i++) {
		pipes_write(waiters[i].pipe.write_fd, "hello", 5);
		pipe_waiter_join(&waiters[i], 5);
		scenario_check(memcmp(waiters[i].data, "hello", 5) == 0);
	}
	scenario_pass();
}
