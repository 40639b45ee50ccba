/* SPDX-License-Identifier: MIT */
/* Descriptors of all kinds that are nowhere but in a queue, also such that refer to each other. */
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/timerfd.h>

#include "unix_sockets.h"

enum {
	FILE_FD,
	DELETED_FD,
	PIPE_READ_FD,
	PIPE_WRITE_FD,
	EVENT_FD,
	TIMER_FD,
	EPOLL_FD,
	MEMFD_FD,
	DIRECTORY_FD,
	PATH_FD,
	COUNT
};

static void check_text(int fd, const char *text)
{
	char buffer[32];

	scenario_check_equal(read(fd, buffer, sizeof(buffer)), strlen(text));
	scenario_check(memcmp(buffer, text, strlen(text)) == 0);
}

int main(void)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = 4711};
	struct itimerspec timer = {.it_value.tv_sec = 1000};
	int fds[COUNT], pair[2], received[COUNT], pipe_fds[2];
	struct stat st;
	uint64_t count;

	fds[FILE_FD] = scenario_call(open("file", O_RDWR | O_CREAT | O_APPEND, 0600));
	scenario_check_equal(write(fds[FILE_FD], "abc", 3), 3);
	scenario_call(lseek(fds[FILE_FD], 1, SEEK_SET));
	fds[DELETED_FD] = scenario_call(open("deleted", O_RDWR | O_CREAT, 0600));
	scenario_check_equal(write(fds[DELETED_FD], "defg", 4), 4);
	scenario_call(lseek(fds[DELETED_FD], 0, SEEK_SET));
	scenario_call(unlink("deleted"));
	scenario_call(pipe2(pipe_fds, O_NONBLOCK));
	fds[PIPE_READ_FD] = pipe_fds[0];
	fds[PIPE_WRITE_FD] = pipe_fds[1];
	scenario_check_equal(write(pipe_fds[1], "in the pipe", 11), 11);
	fds[EVENT_FD] = scenario_call(eventfd(7, EFD_NONBLOCK));
	fds[TIMER_FD] = scenario_call(timerfd_create(CLOCK_MONOTONIC, 0));
	scenario_call(timerfd_settime(fds[TIMER_FD], 0, &timer, NULL));
	fds[EPOLL_FD] = scenario_call(epoll_create1(0));
	scenario_call(epoll_ctl(fds[EPOLL_FD], EPOLL_CTL_ADD, fds[EVENT_FD], &event));
	fds[MEMFD_FD] = scenario_call(memfd_create("memory", 0));
	scenario_check_equal(pwrite(fds[MEMFD_FD], "hij", 3, 0), 3);
	fds[DIRECTORY_FD] = scenario_call(open(".", O_RDONLY | O_DIRECTORY));
	fds[PATH_FD] = scenario_call(open("file", O_PATH));
	scenario_call(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	unix_send_fds(pair[0], "all", fds, COUNT);
	for (int i = 0; i < COUNT; i++)
		scenario_call(close(fds[i]));

	scenario_checkpoint();
	unix_receive_fds(pair[1], "all", received, COUNT);
	scenario_check_equal(fcntl(received[FILE_FD], F_GETFL) & O_APPEND, O_APPEND);
	check_text(received[FILE_FD], "bc");
	check_text(received[DELETED_FD], "defg");
	scenario_call(fstat(received[DELETED_FD], &st));
	scenario_check_equal(st.st_nlink, 0);
	check_text(received[PIPE_READ_FD], "in the pipe");
	scenario_check_equal(write(received[PIPE_WRITE_FD], "more", 4), 4);
	check_text(received[PIPE_READ_FD], "more");
	scenario_call(timerfd_gettime(received[TIMER_FD], &timer));
	scenario_check(timer.it_value.tv_sec > 900 && timer.it_value.tv_sec <= 1000);
	scenario_check_equal(epoll_wait(received[EPOLL_FD], &event, 1, 0), 1);
	scenario_check_equal(event.data.u64, 4711);
	scenario_check_equal(read(received[EVENT_FD], &count, 8), 8);
	scenario_check_equal(count, 7);
	scenario_check_equal(epoll_wait(received[EPOLL_FD], &event, 1, 0), 0);
	check_text(received[MEMFD_FD], "hij");
	scenario_call(fstat(received[DIRECTORY_FD], &st));
	scenario_check(S_ISDIR(st.st_mode));
	scenario_check(fcntl(received[PATH_FD], F_GETFL) & O_PATH);
	scenario_pass();
}
