/* SPDX-License-Identifier: MIT */
/* Signals that wait to be read from a signalfd still do, with all that was sent along and in their order. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

static int make(const int *signals, int flags)
{
	sigset_t set;

	sigemptyset(&set);
	for (; *signals; signals++)
		sigaddset(&set, *signals);
	scenario_call(sigprocmask(SIG_BLOCK, &set, NULL));
	return scenario_call(signalfd(-1, &set, flags));
}

static bool is_ready(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	return scenario_call(poll(&poll_fd, 1, 0)) == 1;
}

static void check_next(int fd, int signal, int code, int value)
{
	struct signalfd_siginfo info;

	scenario_check_equal(read(fd, &info, sizeof(info)), sizeof(info));
	scenario_check_equal(info.ssi_signo, signal);
	scenario_check_equal(info.ssi_code, code);
	scenario_check_equal(info.ssi_pid, getpid());
	scenario_check_equal(info.ssi_uid, getuid());
	scenario_check_equal(info.ssi_int, value);
}

static void queue(int signal, int value)
{
	scenario_call(sigqueue(getpid(), signal, (union sigval){.sival_int = value}));
}

int main(void)
{
	const int many[] = {SIGUSR1, SIGUSR2, SIGRTMIN, SIGRTMAX, SIGCHLD, 0},
		  other[] = {SIGRTMIN + 2, SIGHUP, 0};
	const int none[] = {0};
	int all = make(many, SFD_NONBLOCK), empty = make(other, SFD_CLOEXEC),
	    nothing = make(none, SFD_NONBLOCK);
	int flags[] = {fcntl(all, F_GETFL), fcntl(empty, F_GETFL), fcntl(nothing, F_GETFL)};
	struct signalfd_siginfo info;

	queue(SIGRTMAX, 1);
	queue(SIGRTMIN, 2);
	queue(SIGRTMIN, 3);
	queue(SIGUSR2, 4);
	scenario_call(syscall(SYS_tgkill, getpid(), gettid(), SIGUSR1));
	scenario_checkpoint();
	scenario_check_equal(fcntl(all, F_GETFL), flags[0]);
	scenario_check_equal(fcntl(empty, F_GETFL), flags[1]);
	scenario_check_equal(fcntl(nothing, F_GETFL), flags[2]);
	scenario_check_equal(fcntl(empty, F_GETFD), FD_CLOEXEC);
	scenario_check(is_ready(all) && !is_ready(empty) && !is_ready(nothing));
	/* Those of the thread first, then by number, then as they came. */
	check_next(all, SIGUSR1, SI_TKILL, 0);
	check_next(all, SIGUSR2, SI_QUEUE, 4);
	check_next(all, SIGRTMIN, SI_QUEUE, 2);
	check_next(all, SIGRTMIN, SI_QUEUE, 3);
	check_next(all, SIGRTMAX, SI_QUEUE, 1);
	scenario_check(!is_ready(all) && read(all, &info, sizeof(info)) == -1 && errno == EAGAIN);
	queue(SIGRTMIN + 2, 9);
	scenario_check(!is_ready(all) && is_ready(empty));
	check_next(empty, SIGRTMIN + 2, SI_QUEUE, 9);
	scenario_pass();
}
