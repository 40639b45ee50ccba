/* SPDX-License-Identifier: MIT */
/*
 * The number of a target may have been closed, or lead elsewhere, while a copy of the descriptor keeps it: it
 * goes on being reported. One file may be there under several numbers, and several files under one.
 */
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "scenario.h"

#define HIGH 900

static int epoll;

static void watch(int fd, uint64_t data)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = data};

	scenario_call(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
}

static int make(void)
{
	return scenario_call(eventfd(0, EFD_NONBLOCK));
}

static void add(int fd)
{
	uint64_t value = 1;

	scenario_check_equal(write(fd, &value, 8), 8);
}

/* The data of all that is reported, each as the bit of its number; FD is drained. */
static uint64_t report_of(int fd)
{
	struct epoll_event events[16];
	uint64_t set = 0, value;
	int count;

	add(fd);
	count = scenario_call(epoll_wait(epoll, events, 16, 0));
	for (int i = 0; i < count; i++)
		set |= UINT64_C(1) << events[i].data.u64;
	scenario_check_equal(read(fd, &value, 8), 8);
	return set;
}

static int move_up(int fd)
{
	int copy = scenario_call(fcntl(fd, F_DUPFD, 100));

	close(fd);
	return copy;
}

int main(void)
{
	int closed, closed_copy, first, first_copy, second, second_copy, third, twice, twice_copy, high,
		high_copy;

	epoll = scenario_call(epoll_create1(0));
	/* Three files in a row under one number, two of which are gone from it. */
	first = make();
	watch(first, 1);
	first_copy = move_up(first);
	second = make();
	scenario_check_equal(second, first);
	watch(second, 2);
	second_copy = move_up(second);
	third = make();
	scenario_check_equal(third, first);
	watch(third, 3);
	/* One file under two numbers. */
	twice = make();
	watch(twice, 4);
	twice_copy = scenario_call(dup(twice));
	watch(twice_copy, 5);
	/* Numbers that nothing has now; one is that of an early descriptor of whoever restores this. */
	closed = make();
	watch(closed, 6);
	closed_copy = move_up(closed);
	high = scenario_call(fcntl(closed_copy, F_DUPFD, HIGH));
	watch(high, 7);
	close(high);
	high_copy = make();
	scenario_call(dup2(high_copy, 0));
	watch(0, 8);
	scenario_call(dup2(first_copy, 0));
	scenario_checkpoint();
	scenario_check_equal(report_of(first_copy), 1 << 1);
	scenario_check_equal(report_of(second_copy), 1 << 2);
	scenario_check_equal(report_of(third), 1 << 3);
	scenario_check_equal(report_of(twice), 1 << 4 | 1 << 5);
	scenario_check_equal(report_of(closed_copy), 1 << 6 | 1 << 7);
	scenario_check_equal(report_of(high_copy), 1 << 8);
	/* A target is removed by its number and file. */
	close(third);
	scenario_check(epoll_ctl(epoll, EPOLL_CTL_DEL, third, NULL) == -1 && errno == EBADF);
	scenario_call(dup2(second_copy, third));
	scenario_call(epoll_ctl(epoll, EPOLL_CTL_DEL, third, NULL));
	scenario_check_equal(report_of(second_copy), 0);
	scenario_check_equal(report_of(first_copy), 1 << 1);
	close(twice);
	scenario_call(epoll_ctl(epoll, EPOLL_CTL_DEL, twice_copy, NULL));
	scenario_check_equal(report_of(twice_copy), 1 << 4);
	/* The last descriptor takes its targets away. */
	close(closed_copy);
	scenario_check_equal(report_of(high_copy), 1 << 8);
	scenario_pass();
}
