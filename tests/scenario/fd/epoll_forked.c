/* SPDX-License-Identifier: MIT */
/*
 * An epoll instance that parent and child share watches what only the child has open now; each has its own
 * instance for its own signals; what one writes wakes the other.
 */
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenario.h"

static int shared, inherited, to_child, to_parent;

static void watch(int epoll, int fd, uint64_t data)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = data};

	scenario_call(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
}

static void wait_for(int epoll, uint64_t data)
{
	struct epoll_event event;

	scenario_check_equal(epoll_wait(epoll, &event, 1, 10000), 1);
	scenario_check_equal(event.data.u64, data);
}

static void add(int fd)
{
	uint64_t value = 1;

	scenario_check_equal(write(fd, &value, 8), 8);
}

static void take(int fd)
{
	uint64_t value;

	scenario_check_equal(read(fd, &value, 8), 8);
}

/* An instance of its own, which tells of the signals of who makes it. */
static int watch_signals(int signals)
{
	int epoll = scenario_call(epoll_create1(0));

	watch(epoll, signals, 77);
	return epoll;
}

static void check_signal(int epoll, int signals, int value)
{
	struct signalfd_siginfo info;

	wait_for(epoll, 77);
	scenario_check_equal(read(signals, &info, sizeof(info)), sizeof(info));
	scenario_check_equal(info.ssi_int, value);
}

static void run_child(int signals)
{
	int epoll = watch_signals(signals);

	add(to_parent);
	while (access("go.1", F_OK) < 0)
		scenario_sleep_ms(5);
	check_signal(epoll, signals, 2);
	/* What the parent has closed; it is told of it all the same. */
	add(inherited);
	wait_for(shared, 1);
	add(to_parent);
	take(to_child);
	_exit(0);
}

int main(void)
{
	sigset_t set;
	pid_t child;
	int signals, epoll, status;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	scenario_call(sigprocmask(SIG_BLOCK, &set, NULL));
	signals = scenario_call(signalfd(-1, &set, SFD_NONBLOCK));
	shared = scenario_call(epoll_create1(0));
	inherited = scenario_call(eventfd(0, EFD_NONBLOCK));
	to_child = scenario_call(eventfd(0, 0));
	to_parent = scenario_call(eventfd(0, EFD_SEMAPHORE));
	watch(shared, inherited, 1);
	child = scenario_call(fork());
	if (child == 0)
		run_child(signals);
	close(inherited);
	epoll = watch_signals(signals);
	take(to_parent);
	scenario_checkpoint();
	scenario_call(sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 1}));
	check_signal(epoll, signals, 1);
	scenario_call(sigqueue(child, SIGRTMIN, (union sigval){.sival_int = 2}));
	take(to_parent);
	wait_for(shared, 1);
	add(to_child);
	scenario_check_equal(waitpid(child, &status, 0), child);
	scenario_check_equal(status, 0);
	/* With the child the last descriptor has gone. */
	scenario_check_equal(epoll_wait(shared, &(struct epoll_event){0}, 1, 0), 0);
	scenario_pass();
}
