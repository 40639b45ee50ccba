/* SPDX-License-Identifier: MIT */
/* A private mapping of a file that became shorter: changed pages before the end are kept, past it is SIGBUS.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "scenario.h"

#define PAGE 4096UL

static sigjmp_buf beyond;

static void on_bus(int number)
{
	(void)number;
	siglongjmp(beyond, 1);
}

int main(void)
{
	int fd = scenario_call(open("file", O_RDWR | O_CREAT, 0644));
	char *memory;

	scenario_call(ftruncate(fd, 4 * PAGE));
	memory = scenario_call(mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
	scenario_fill(memory, 4 * PAGE, 3);
	scenario_call(ftruncate(fd, 2 * PAGE));
	scenario_call(close(fd));
	scenario_call((long)signal(SIGBUS, on_bus));
	scenario_checkpoint();
	scenario_check(scenario_is_filled(memory, 2 * PAGE, 3));
	if (sigsetjmp(beyond, 1) == 0) {
		*(volatile char *)(memory + 3 * PAGE) = 1;
		scenario_fail("no SIGBUS past the end of the file");
	}
	scenario_pass();
}
