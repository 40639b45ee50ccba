/* SPDX-License-Identifier: MIT */
/* Sockets, terminals and others of the kernel's files that are nowhere but in a queue, sent by all types of
 * sockets. */
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>

#include "unix_sockets.h"

enum {
	LISTENING,
	BOUND,
	UNCONNECTED,
	UDP,
	TCP,
	SIGNAL,
	INOTIFY,
	PID,
	NULL_DEVICE,
	FIFO,
	MASTER,
	SLAVE,
	COUNT
};

static int inet(int type)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = scenario_call(socket(AF_INET, type, 0));

	scenario_call(bind(fd, (struct sockaddr *)&address, sizeof(address)));
	return fd;
}

int main(void)
{
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
	int fds[COUNT], pairs[3][2], received[COUNT];
	struct signalfd_siginfo info;
	sigset_t set;
	char byte;

	fds[LISTENING] = unix_listen(SOCK_STREAM, "listening", 3);
	fds[BOUND] = unix_new(SOCK_DGRAM);
	unix_bind(fds[BOUND], "@bound");
	fds[UNCONNECTED] = unix_new(SOCK_SEQPACKET);
	fds[UDP] = inet(SOCK_DGRAM);
	fds[TCP] = inet(SOCK_STREAM);
	scenario_call(listen(fds[TCP], 1));
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fds[SIGNAL] = scenario_call(signalfd(-1, &set, 0));
	fds[INOTIFY] = scenario_call(inotify_init1(IN_NONBLOCK));
	scenario_call(inotify_add_watch(fds[INOTIFY], ".", IN_DELETE_SELF));
	fds[PID] = scenario_call((int)syscall(SYS_pidfd_open, getpid(), 0));
	fds[NULL_DEVICE] = scenario_call(open("/dev/null", O_RDWR));
	scenario_call(mkfifo("fifo", 0600));
	fds[FIFO] = scenario_call(open("fifo", O_RDWR));
	scenario_check_equal(write(fds[FIFO], "x", 1), 1);
	fds[MASTER] = scenario_call(posix_openpt(O_RDWR | O_NOCTTY));
	scenario_call(unlockpt(fds[MASTER]));
	fds[SLAVE] = scenario_call(open(ptsname(fds[MASTER]), O_RDWR | O_NOCTTY));
	for (int i = 0; i < 3; i++) {
		scenario_call(socketpair(AF_UNIX, types[i], 0, pairs[i]));
		unix_send_fds(pairs[i][0], "all", fds, COUNT);
	}
	for (int i = 0; i < COUNT; i++)
		close(fds[i]);

	scenario_checkpoint();
	for (int i = 0; i < 3; i++) {
		unix_receive_fds(pairs[i][1], "all", received, COUNT);
		unix_check_serves(received[LISTENING], SOCK_STREAM, "listening");
		unix_say_to(unix_new(SOCK_DGRAM), "@bound", "found");
		unix_hear(received[BOUND], "found");
		unix_check_unconnected(received[UNCONNECTED]);
		scenario_check_equal(unix_option(received[TCP], SO_ACCEPTCONN), 1);
		scenario_check_equal(unix_option(received[UDP], SO_TYPE), SOCK_DGRAM);
		kill(getpid(), SIGUSR1);
		scenario_check_equal(read(received[SIGNAL], &info, sizeof(info)), sizeof(info));
		scenario_check(read(received[INOTIFY], &info, sizeof(info)) < 0 && errno == EAGAIN);
		scenario_call((int)syscall(SYS_pidfd_send_signal, received[PID], 0, NULL, 0));
		scenario_check_equal(write(received[NULL_DEVICE], "x", 1), 1);
		scenario_check_equal(read(received[FIFO], &byte, 1), 1);
		scenario_check_equal(write(received[FIFO], "x", 1), 1);
		scenario_check_equal(write(received[MASTER], "line\n", 5), 5);
		scenario_check_equal(read(received[SLAVE], (char[16]){0}, 16), 5);
		for (int k = 0; k < COUNT; k++)
			close(received[k]);
	}
	scenario_pass();
}
