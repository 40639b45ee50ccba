/* SPDX-License-Identifier: MIT */
/* Leases that others want to be given up: how far is kept, the holder is not told again, and who waits gets
 * the file when they are given up. */
/* dump-options: --file-locks */
/* restore-options: --file-locks */
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

static volatile sig_atomic_t signals, signal_fd;

static void note(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	signals++;
	signal_fd = info->si_fd;
}

static int take(const char *name, int flags, int type)
{
	int fd;

	scenario_create(name, 0600);
	fd = scenario_call(open(name, flags));
	scenario_call(fcntl(fd, F_SETSIG, SIGRTMIN + 3));
	scenario_call(fcntl(fd, F_SETLEASE, type));
	return fd;
}

static void break_by(const char *name, int flags)
{
	scenario_check(open(name, flags | O_NONBLOCK) < 0 && errno == EWOULDBLOCK);
}

static void check_given_up(int fd, const char *name, int flags)
{
	scenario_check_equal(fcntl(fd, F_GETLEASE), F_UNLCK);
	break_by(name, flags);
	scenario_call(fcntl(fd, F_SETLEASE, F_UNLCK));
	close(scenario_call(open(name, flags | O_NONBLOCK)));
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};
	int read_lease, write_lease, write_read_only, to_read, waited_for, whole;
	pid_t pid;

	scenario_call(sigaction(SIGRTMIN + 3, &action, NULL));
	read_lease = take("read", O_RDONLY, F_RDLCK);
	write_lease = take("write", O_RDWR, F_WRLCK);
	write_read_only = take("write read only", O_RDONLY, F_WRLCK);
	to_read = take("to read", O_RDONLY, F_WRLCK);
	waited_for = take("waited for", O_RDONLY, F_RDLCK);
	whole = take("whole", O_RDONLY, F_RDLCK);
	break_by("read", O_WRONLY);
	break_by("write", O_WRONLY);
	break_by("write read only", O_WRONLY);
	break_by("to read", O_RDONLY);
	pid = scenario_fork();
	if (pid == 0) {
		scenario_call(close(waited_for)); /* it is the parent's as well */
		scenario_call(syscall(SYS_openat, AT_FDCWD, "waited for", O_WRONLY));
		_exit(0);
	}
	scenario_wait_blocked(pid, SYS_openat);
	scenario_check_equal(signals, 5);
	scenario_checkpoint();
	scenario_check_equal(signals, 5);
	/* A read lease lets readers in while it is being broken, a write lease nobody. */
	close(scenario_call(open("read", O_RDONLY | O_NONBLOCK)));
	break_by("write read only", O_RDONLY);
	check_given_up(read_lease, "read", O_WRONLY);
	check_given_up(write_lease, "write", O_RDONLY);
	check_given_up(write_read_only, "write read only", O_WRONLY);
	scenario_check_equal(fcntl(to_read, F_GETLEASE), F_RDLCK);
	scenario_call(fcntl(to_read, F_SETLEASE, F_RDLCK));
	close(scenario_call(open("to read", O_RDONLY | O_NONBLOCK)));
	scenario_check_equal(signals, 5);
	scenario_call(fcntl(waited_for, F_SETLEASE, F_UNLCK));
	scenario_reap(pid, 0);
	scenario_check_equal(fcntl(whole, F_GETLEASE), F_RDLCK);
	break_by("whole", O_WRONLY);
	scenario_check_equal(signals, 6);
	scenario_check_equal(signal_fd, whole);
	scenario_pass();
}
