/* SPDX-License-Identifier: MIT */
/* Threads that wait to read from an eventfd, to write to a full one, or poll it, go on waiting and are woken.
 */
#include <poll.h>
#include <sys/eventfd.h>

#include "waiters.h"

static int empty, full, semaphore, polled;

static int read_empty(void)
{
	uint64_t value = 0;

	return read(empty, &value, 8) == 8 && value == 7;
}

static int read_semaphore(void)
{
	uint64_t value = 0;

	return read(semaphore, &value, 8) == 8 && value == 1;
}

static int write_full(void)
{
	uint64_t value = 10;

	return write(full, &value, 8) == 8;
}

static int poll_empty(void)
{
	struct pollfd poll_fd = {.fd = polled, .events = POLLIN};

	return poll(&poll_fd, 1, -1) == 1 && poll_fd.revents == POLLIN;
}

static struct waiter waiters[] = {
	{.wait = read_empty, .number = SYS_read},     {.wait = read_semaphore, .number = SYS_read},
	{.wait = read_semaphore, .number = SYS_read}, {.wait = write_full, .number = SYS_write},
	{.wait = poll_empty, .number = SYS_poll},
};
#define COUNT (sizeof(waiters) / sizeof(waiters[0]))

static void add(int fd, uint64_t value)
{
	scenario_check_equal(write(fd, &value, 8), 8);
}

int main(void)
{
	uint64_t value = UINT64_MAX - 5;

	empty = scenario_call(eventfd(0, 0));
	full = scenario_call(eventfd(0, 0));
	semaphore = scenario_call(eventfd(0, EFD_SEMAPHORE));
	polled = scenario_call(eventfd(0, EFD_NONBLOCK));
	add(full, value);
	waiters_start(waiters, COUNT);
	scenario_checkpoint();
	waiters_check_waiting(waiters, COUNT);
	add(empty, 7);
	add(semaphore, 2);
	add(polled, 1);
	scenario_check_equal(read(full, &value, 8), 8);
	scenario_check(value == UINT64_MAX - 5);
	waiters_join(waiters, COUNT);
	scenario_check_equal(read(full, &value, 8), 8);
	scenario_check_equal(value, 10);
	scenario_pass();
}
