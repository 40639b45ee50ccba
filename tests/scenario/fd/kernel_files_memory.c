/* SPDX-License-Identifier: MIT */
/* The memory of the program as a file, at addresses low and high, and of a child: what is read and written is
 * that of the same process again. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "scenario.h"

/* Of the fixed page for system calls, at the very end: as a position it is negative. */
#define HIGH 0xffffffffff600000UL

static volatile int value = 1;

int main(void)
{
	int high = scenario_call(open("/proc/self/mem", O_RDONLY)), own, child, read_value = 0, written = 3;
	pid_t pid = scenario_fork();
	char path[64];

	if (pid == 0) {
		value = 2;
		scenario_mark("changed");
		scenario_join();
		scenario_await("written");
		scenario_check_equal(value, 3);
		_exit(0);
	}
	scenario_await("changed");
	own = scenario_call(open("/proc/self/mem", O_RDWR));
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	child = scenario_call(open(path, O_RDWR));
	scenario_check_equal((unsigned long)lseek(high, (off_t)HIGH, SEEK_SET), HIGH);
	scenario_call(lseek(own, (off_t)&value, SEEK_SET));
	scenario_call(lseek(child, (off_t)&value, SEEK_SET));
	scenario_checkpoint();
	scenario_check_equal((unsigned long)lseek(high, 0, SEEK_CUR), HIGH);
	scenario_check_equal(read(own, &read_value, sizeof(read_value)), sizeof(read_value));
	scenario_check_equal(read_value, 1);
	scenario_check_equal(write(child, &written, sizeof(written)), sizeof(written));
	scenario_mark("written");
	scenario_reap(pid, 0);
	scenario_pass();
}
