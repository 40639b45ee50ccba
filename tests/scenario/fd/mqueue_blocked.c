/* SPDX-License-Identifier: MIT */
/* Threads that wait for a message, for room in a full queue, or poll one, go on waiting and are woken. */
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "waiters.h"

static mqd_t empty, timed, full, polled;

static int do_receive(void)
{
	char buffer[32];

	return mq_receive(empty, buffer, sizeof(buffer), NULL) == 5 && memcmp(buffer, "hello", 5) == 0;
}

static int do_send(void)
{
	return mq_send(full, "second", 6, 0) == 0;
}

/* The time is absolute, and far away. */
static int do_timed_receive(void)
{
	struct timespec until;
	char buffer[32];

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 1000;
	return mq_timedreceive(timed, buffer, sizeof(buffer), NULL, &until) == 5;
}

static int do_poll(void)
{
	struct pollfd poll_fd = {.fd = polled, .events = POLLIN};

	return poll(&poll_fd, 1, -1) == 1 && poll_fd.revents == POLLIN;
}

static struct waiter waiters[] = {
	{.wait = do_receive, .number = SYS_mq_timedreceive},
	{.wait = do_send, .number = SYS_mq_timedsend},
	{.wait = do_timed_receive, .number = SYS_mq_timedreceive},
	{.wait = do_poll, .number = SYS_poll},
};

/* Unlinked at once, so that nothing stays behind. */
static mqd_t make(const char *suffix)
{
	struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = 32};
	char name[64];
	mqd_t queue;

	snprintf(name, sizeof(name), "/cr-scenario-%d-%lld-%s", getpid(),
		 (long long)scenario_now_ns(CLOCK_REALTIME), suffix);
	queue = scenario_call(mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attributes));
	scenario_call(mq_unlink(name));
	return queue;
}

int main(void)
{
	char buffer[32];

	empty = make("empty");
	timed = make("timed");
	full = make("full");
	polled = make("polled");
	/* A full queue that has been unlinked cannot be saved: this one becomes full afterwards. */
	waiters_start(waiters, 1);
	waiters_start(waiters + 2, 2);
	scenario_checkpoint();
	waiters_check_waiting(waiters, 1);
	waiters_check_waiting(waiters + 2, 2);
	scenario_call(mq_send(full, "first", 5, 0));
	waiters_start(waiters + 1, 1);
	scenario_check_equal(mq_receive(full, buffer, sizeof(buffer), NULL), 5);
	waiters_join(waiters + 1, 1);
	scenario_call(mq_send(empty, "hello", 5, 0));
	waiters_join(waiters, 1);
	scenario_call(mq_send(timed, "again", 5, 0));
	waiters_join(waiters + 2, 1);
	scenario_call(mq_send(polled, "there", 5, 0));
	waiters_join(waiters + 3, 1);
	scenario_pass();
}
