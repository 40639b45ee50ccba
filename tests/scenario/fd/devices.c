/* SPDX-License-Identifier: MIT */
/* Descriptors and mappings of /dev/null, zero, full, random and urandom work on. */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "scenario.h"

static const char *const paths[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"};

int main(void)
{
	char buffer[16], *memory;
	int fds[5], flags[5], appending;

	for (int i = 0; i < 5; i++) {
		fds[i] = scenario_call(open(paths[i], O_RDWR | (i % 2 ? O_NONBLOCK : 0)));
		flags[i] = scenario_call(fcntl(fds[i], F_GETFL));
	}
	appending = scenario_call(open("/dev/null", O_WRONLY | O_APPEND | O_CLOEXEC));
	memory = scenario_call(mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fds[1], 0));
	memset(memory, 7, 100);
	scenario_checkpoint();
	for (int i = 0; i < 5; i++)
		scenario_check_equal(fcntl(fds[i], F_GETFL), flags[i]);
	memset(buffer, 1, sizeof(buffer));
	scenario_check_equal(read(fds[0], buffer, 16), 0);
	scenario_check_equal(write(fds[0], buffer, 16), 16);
	scenario_check_equal(read(fds[1], buffer, 16), 16);
	scenario_check(memcmp(buffer, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16) == 0);
	scenario_check(write(fds[2], buffer, 16) == -1 && errno == ENOSPC);
	scenario_check_equal(read(fds[3], buffer, 8), 8);
	scenario_check_equal(read(fds[4], buffer, 16), 16);
	scenario_check(memcmp(buffer, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16) != 0);
	scenario_check_equal(write(appending, "x", 1), 1);
	scenario_check_equal(fcntl(appending, F_GETFD), FD_CLOEXEC);
	scenario_check(memory[99] == 7 && memory[100] == 0 && memory[5000] == 0);
	scenario_pass();
}
