/* SPDX-License-Identifier: MIT */
/* Threads that wait for a partner in open(2), for data and for room in a FIFO go on waiting, and find what
 * they waited for. */
#include <sys/stat.h>

#include "pipe_waiters.h"

#define FULL 65536

static ssize_t wait_reader_opens(struct pipe_waiter *waiter)
{
	int fd = (int)syscall(SYS_open, "for reading", O_RDONLY);

	return read(fd, waiter->data, sizeof(waiter->data));
}

static ssize_t wait_writer_opens(struct pipe_waiter *waiter)
{
	int fd = (int)syscall(SYS_openat, AT_FDCWD, "for writing", O_WRONLY);

	return write(fd, waiter->name, 5);
}

static ssize_t wait_read(struct pipe_waiter *waiter)
{
	return read(waiter->pipe.read_fd, waiter->data, sizeof(waiter->data));
}

static ssize_t wait_write(struct pipe_waiter *waiter)
{
	return write(waiter->pipe.write_fd, waiter->data, 100);
}

static struct pipe_waiter waiters[] = {
	{.name = "open for reading", .number = SYS_open, .wait = wait_reader_opens},
	{.name = "open for writing", .number = SYS_openat, .wait = wait_writer_opens},
	{.name = "read", .number = SYS_read, .wait = wait_read},
	{.name = "write", .number = SYS_write, .wait = wait_write},
};

#define WAITERS (sizeof(waiters) / sizeof(waiters[0]))

static struct pipe_pair open_both(const char *path)
{
	struct pipe_pair pair;

	scenario_call(mkfifo(path, 0600));
	pair.read_fd = scenario_call(open(path, O_RDONLY | O_NONBLOCK));
	pair.write_fd = scenario_call(open(path, O_WRONLY));
	scenario_call(fcntl(pair.read_fd, F_SETFL, 0));
	return pair;
}

int main(void)
{
	int fd;

	scenario_call(mkfifo("for reading", 0600));
	scenario_call(mkfifo("for writing", 0600));
	waiters[2].pipe = open_both("empty");
	waiters[3].pipe = open_both("full");
	pipes_write_filled(waiters[3].pipe.write_fd, FULL, 1);
	scenario_fill(waiters[3].data, 100, 2);
	for (size_t i = 0; i < WAITERS; i++)
		pipe_waiter_start(&waiters[i]);

	scenario_checkpoint();
	for (size_t i = 0; i < WAITERS; i++)
		pipe_waiter_check_waiting(&waiters[i]);
	fd = scenario_call(open("for reading", O_WRONLY));
	pipes_write(fd, "hello", 5);
	pipe_waiter_join(&waiters[0], 5);
	scenario_check(memcmp(waiters[0].data, "hello", 5) == 0);
	fd = scenario_call(open("for writing", O_RDONLY));
	pipe_waiter_join(&waiters[1], 5);
	pipes_read_text(fd, "open ");
	pipes_write(waiters[2].pipe.write_fd, "hello", 5);
	pipe_waiter_join(&waiters[2], 5);
	pipes_read_filled(waiters[3].pipe.read_fd, FULL, FULL, 1);
	pipe_waiter_join(&waiters[3], 100);
	pipes_read_filled(waiters[3].pipe.read_fd, FULL, 100, 2);
	scenario_pass();
}
