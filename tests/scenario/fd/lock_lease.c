/* SPDX-License-Identifier: MIT */
/* Leases (F_SETLEASE) are held on, and whoever opens the file makes the kernel send the signal that was
 * chosen. */
/* dump-options: --file-locks */
/* restore-options: --file-locks */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "scenario.h"

static volatile sig_atomic_t signal_fd = -1, io_signals;

static void note(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	signal_fd = info->si_fd;
}

static void note_io(int number)
{
	(void)number;
	io_signals++;
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};
	int read_lease, write_lease;

	scenario_create("read", 0600);
	scenario_create("write", 0600);
	scenario_call(sigaction(SIGRTMIN + 3, &action, NULL));
	scenario_check(signal(SIGIO, note_io) != SIG_ERR);
	read_lease = scenario_call(open("read", O_RDONLY));
	scenario_call(fcntl(read_lease, F_SETSIG, SIGRTMIN + 3));
	scenario_call(fcntl(read_lease, F_SETLEASE, F_RDLCK));
	write_lease = scenario_call(open("write", O_RDWR));
	scenario_call(fcntl(write_lease, F_SETLEASE, F_WRLCK));
	scenario_checkpoint();
	scenario_check_equal(fcntl(read_lease, F_GETLEASE), F_RDLCK);
	scenario_check_equal(fcntl(write_lease, F_GETLEASE), F_WRLCK);
	scenario_check_equal(signal_fd, -1);
	scenario_check_equal(io_signals, 0);
	close(scenario_call(open("read", O_RDONLY | O_NONBLOCK)));
	scenario_check_equal(signal_fd, -1);
	scenario_check(open("read", O_WRONLY | O_NONBLOCK) < 0 && errno == EWOULDBLOCK);
	scenario_check_equal(signal_fd, read_lease);
	scenario_check(open("write", O_RDONLY | O_NONBLOCK) < 0 && errno == EWOULDBLOCK);
	scenario_check_equal(io_signals, 1);
	scenario_call(fcntl(read_lease, F_SETLEASE, F_UNLCK));
	scenario_call(fcntl(write_lease, F_SETLEASE, F_UNLCK));
	scenario_pass();
}
