/* SPDX-License-Identifier: MIT */
/* EPOLLEXCLUSIVE, EPOLLWAKEUP and the parameters of busy polling are kept. */
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "scenario.h"

/* ioctl_eventpoll(2), Linux 6.9 */
struct parameters {
	uint32_t busy_poll_us;
	uint16_t busy_poll_budget;
	uint8_t prefers_busy_poll, padding;
};
#define SET_PARAMETERS _IOW(0x8A, 0x01, struct parameters)
#define GET_PARAMETERS _IOR(0x8A, 0x02, struct parameters)

/* The events of the only target, from /proc. */
static uint32_t events_of(int epoll)
{
	char path[64], line[256];
	uint32_t events = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", epoll);
	file = fopen(path, "re");
	scenario_check(file != NULL);
	while (fgets(line, sizeof(line), file))
		sscanf(line, "tfd: %*d events: %x", &events);
	fclose(file);
	return events;
}

static int make(uint32_t flags, int counter)
{
	struct epoll_event event = {.events = EPOLLIN | flags, .data.u64 = flags};
	int epoll = scenario_call(epoll_create1(0));

	scenario_call(epoll_ctl(epoll, EPOLL_CTL_ADD, counter, &event));
	return epoll;
}

int main(void)
{
	const struct parameters wanted = {.busy_poll_us = 64, .busy_poll_budget = 16, .prefers_busy_poll = 1};
	int counter = scenario_call(eventfd(0, 0)), exclusive[2], awake, busy;
	struct parameters found = {0};
	struct epoll_event event;
	uint32_t awake_events;
	uint64_t value = 1;

	for (int i = 0; i < 2; i++)
		exclusive[i] = make(EPOLLEXCLUSIVE | (i ? EPOLLET : 0), counter);
	/* Without CAP_BLOCK_SUSPEND the kernel drops the flag. */
	awake = make(EPOLLWAKEUP | EPOLLRDHUP, counter);
	awake_events = events_of(awake);
	busy = scenario_call(epoll_create1(0));
	if (ioctl(busy, SET_PARAMETERS, &wanted) == 0)
		scenario_call(ioctl(busy, GET_PARAMETERS, &found));
	scenario_checkpoint();
	scenario_check_equal(events_of(awake), awake_events);
	for (int i = 0; i < 2; i++) {
		scenario_check(events_of(exclusive[i]) & EPOLLEXCLUSIVE);
		event = (struct epoll_event){.events = EPOLLIN};
		scenario_check(epoll_ctl(exclusive[i], EPOLL_CTL_MOD, counter, &event) == -1 &&
			       errno == EINVAL);
		scenario_check_equal(epoll_wait(exclusive[i], &event, 1, 0), 0);
	}
	scenario_check_equal(write(counter, &value, 8), 8);
	for (int i = 0; i < 2; i++)
		scenario_check_equal(epoll_wait(exclusive[i], &event, 1, 0), 1);
	scenario_check_equal(epoll_wait(awake, &event, 1, 0), 1);
	scenario_check_equal(event.data.u64, EPOLLWAKEUP | EPOLLRDHUP);
	if (found.busy_poll_us == 0)
		scenario_pass();
	found = (struct parameters){0};
	scenario_call(ioctl(busy, GET_PARAMETERS, &found));
	scenario_check_equal(found.busy_poll_us, wanted.busy_poll_us);
	scenario_check_equal(found.busy_poll_budget, wanted.busy_poll_budget);
	scenario_check_equal(found.prefers_busy_poll, wanted.prefers_busy_poll);
	scenario_pass();
}
