/* SPDX-License-Identifier: MIT */
/* Message queues: those with a name are the same again, with their messages; unlinked ones are one for all
 * that had it. */
/* not: restore-twice */
/* What a first run has received is not there for a second one. */
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

static char names[3][64];

/* One name space for all of the host, so the scratch directory's name is in them. */
static void make_names(void)
{
	char directory[256];
	const char *part;

	scenario_check(getcwd(directory, sizeof(directory)) != NULL);
	part = strstr(directory, "cr-scenario.");
	for (int i = 0; i < 3; i++)
		snprintf(names[i], sizeof(names[i]), "/%.18s-%d", part ? part : "cr-scenario", i);
}

static short ready(mqd_t queue)
{
	struct pollfd poll_fd = {.fd = queue, .events = POLLIN | POLLOUT};

	scenario_call(poll(&poll_fd, 1, 0));
	return poll_fd.revents;
}

static void check_message(mqd_t queue, const char *expected, unsigned int expected_priority)
{
	char buffer[32];
	unsigned int priority = 0;

	scenario_check_equal(mq_receive(queue, buffer, sizeof(buffer), &priority), strlen(expected));
	scenario_check(memcmp(buffer, expected, strlen(expected)) == 0);
	scenario_check_equal(priority, expected_priority);
}

static void send(mqd_t queue, const char *text, unsigned int priority)
{
	scenario_call(mq_send(queue, text, strlen(text), priority));
}

int main(void)
{
	struct mq_attr attributes = {.mq_maxmsg = 3, .mq_msgsize = 32}, now;
	mqd_t full, full_reader, empty, gone, gone_writer;
	int flags[5];
	struct stat st;

	make_names();
	full = scenario_call(mq_open(names[0], O_RDWR | O_CREAT | O_EXCL, 0640, &attributes));
	full_reader = scenario_call(mq_open(names[0], O_RDONLY | O_NONBLOCK));
	empty = scenario_call(mq_open(names[1], O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600, &attributes));
	gone = scenario_call(mq_open(names[2], O_RDONLY | O_CREAT | O_EXCL | O_NONBLOCK, 0604, &attributes));
	gone_writer = scenario_call(mq_open(names[2], O_WRONLY));
	scenario_call(fchmod(gone, 0604));
	scenario_call(mq_unlink(names[2]));
	send(full, "low", 1);
	send(full, "high", 7);
	send(full, "low too", 1);
	scenario_call(fcntl(full, F_SETFD, 0));
	flags[0] = fcntl(full, F_GETFL);
	flags[1] = fcntl(full_reader, F_GETFL);
	flags[2] = fcntl(empty, F_GETFL);
	flags[3] = fcntl(gone, F_GETFL);
	flags[4] = fcntl(gone_writer, F_GETFL);
	scenario_checkpoint();
	scenario_check_equal(fcntl(full, F_GETFL), flags[0]);
	scenario_check_equal(fcntl(full_reader, F_GETFL), flags[1]);
	scenario_check_equal(fcntl(empty, F_GETFL), flags[2]);
	scenario_check_equal(fcntl(gone, F_GETFL), flags[3]);
	scenario_check_equal(fcntl(gone_writer, F_GETFL), flags[4]);
	scenario_check_equal(fcntl(full, F_GETFD), 0);
	scenario_check_equal(fcntl(empty, F_GETFD), FD_CLOEXEC);
	scenario_check_equal(ready(full), POLLIN);
	scenario_check_equal(ready(empty), POLLOUT);
	scenario_call(mq_getattr(full, &now));
	scenario_check_equal(now.mq_curmsgs, 3);
	check_message(full_reader, "high", 7);
	check_message(full, "low", 1);
	check_message(full_reader, "low too", 1);
	scenario_check(mq_receive(full_reader, (char[32]){0}, 32, NULL) == -1 && errno == EAGAIN);
	scenario_call(mq_getattr(gone, &now));
	scenario_check_equal(now.mq_maxmsg, 3);
	scenario_check_equal(now.mq_msgsize, 32);
	scenario_call(fstat(gone, &st));
	scenario_check_equal(st.st_mode & 07777, 0604);
	scenario_check_equal(st.st_nlink, 0);
	scenario_check(mq_open(names[2], O_RDONLY) == -1 && errno == ENOENT);
	send(gone_writer, "one queue", 3);
	check_message(gone, "one queue", 3);
	scenario_call(mq_unlink(names[0]));
	scenario_call(mq_unlink(names[1]));
	scenario_pass();
}
