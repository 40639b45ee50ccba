/* SPDX-License-Identifier: MIT */
/* The counts of eventfds are kept, whatever they are, and what they are ready for; semaphores stay such. */
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "scenario.h"

static const struct {
	uint64_t count;
	int flags;
	short ready;
} kinds[] = {
	{0, 0, POLLOUT},
	{1, EFD_NONBLOCK, POLLIN | POLLOUT},
	{3, EFD_SEMAPHORE | EFD_NONBLOCK | EFD_CLOEXEC, POLLIN | POLLOUT},
	{0, EFD_SEMAPHORE, POLLOUT},
	{UINT64_C(1) << 33, EFD_CLOEXEC, POLLIN | POLLOUT},
	{UINT64_MAX - 1, EFD_NONBLOCK, POLLIN},
	{UINT64_MAX - 1, EFD_SEMAPHORE, POLLIN},
};
#define COUNT (sizeof(kinds) / sizeof(kinds[0]))

static void check_ready(int fd, short expected)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN | POLLOUT};

	scenario_check(poll(&poll_fd, 1, 0) >= 0);
	scenario_check_equal(poll_fd.revents, expected);
}

static void check_counter(size_t i, int fd)
{
	bool is_semaphore = kinds[i].flags & EFD_SEMAPHORE;
	uint64_t value;

	check_ready(fd, kinds[i].ready);
	if (kinds[i].count == 0)
		return;
	scenario_check_equal(read(fd, &value, sizeof(value)), sizeof(value));
	scenario_check(value == (is_semaphore ? 1 : kinds[i].count));
	if (is_semaphore && kinds[i].count < 10) {
		for (uint64_t left = kinds[i].count - 1; left > 0; left--)
			scenario_check_equal(read(fd, &value, sizeof(value)), sizeof(value));
		scenario_check(read(fd, &value, sizeof(value)) == -1 && errno == EAGAIN);
	}
	check_ready(fd, is_semaphore && kinds[i].count > 10 ? POLLIN | POLLOUT : POLLOUT);
}

int main(void)
{
	int fds[COUNT], flags[COUNT], copy;
	uint64_t value = 5;

	for (size_t i = 0; i < COUNT; i++) {
		fds[i] = scenario_call(eventfd(0, kinds[i].flags));
		if (kinds[i].count > 0)
			scenario_check_equal(write(fds[i], &kinds[i].count, 8), 8);
		flags[i] = scenario_call(fcntl(fds[i], F_GETFL));
	}
	copy = scenario_call(fcntl(fds[0], F_DUPFD_CLOEXEC, 100));
	scenario_checkpoint();
	for (size_t i = 0; i < COUNT; i++) {
		scenario_check_equal(fcntl(fds[i], F_GETFL), flags[i]);
		scenario_check_equal(fcntl(fds[i], F_GETFD), kinds[i].flags & EFD_CLOEXEC ? FD_CLOEXEC : 0);
		check_counter(i, fds[i]);
	}
	/* Still one counter under two numbers. */
	scenario_check_equal(fcntl(copy, F_GETFD), FD_CLOEXEC);
	scenario_check_equal(write(copy, &value, 8), 8);
	value = 0;
	scenario_check_equal(read(fds[0], &value, 8), 8);
	scenario_check_equal(value, 5);
	scenario_pass();
}
