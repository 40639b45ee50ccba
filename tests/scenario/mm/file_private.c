/* SPDX-License-Identifier: MIT */
/* A private file mapping keeps its own changed pages, shows the file in the others, and its tail past the
 * end. */
#include <fcntl.h>
#include <signal.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <unistd.h>

#include "scenario.h"

#define PAGE 4096UL
#define PAGES 8UL
#define TAIL 1234UL

static sigjmp_buf beyond;

static void on_bus(int number)
{
	(void)number;
	siglongjmp(beyond, 1);
}

int main(void)
{
	char content[PAGES * PAGE], *memory, *read_only;
	const size_t size = (PAGES - 1) * PAGE + TAIL;
	int fd = scenario_call(open("file", O_RDWR | O_CREAT, 0644));

	scenario_fill(content, sizeof(content), 7);
	scenario_check_equal(write(fd, content, size), size);
	/* One page more than the file has: touching it is SIGBUS. */
	memory = scenario_call(mmap(NULL, (PAGES + 1) * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
	read_only = scenario_call(mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE, fd, 3 * PAGE));
	scenario_call(close(fd));
	scenario_check(memory[0] == content[0]); /* touched, not changed */
	scenario_fill(memory + PAGE, PAGE, 100);
	memset(memory + 3 * PAGE, 0, PAGE); /* changed to zeroes: must not show the file again */
	memory[5 * PAGE + 17] ^= 0x55;
	memcpy(memory + (PAGES - 1) * PAGE + TAIL, "tail", 4);
	scenario_checkpoint();

	scenario_check(memcmp(memory, content, PAGE) == 0);
	scenario_check(scenario_is_filled(memory + PAGE, PAGE, 100));
	scenario_check(memcmp(memory + 2 * PAGE, content + 2 * PAGE, PAGE) == 0);
	for (size_t i = 0; i < PAGE; i++)
		scenario_check(memory[3 * PAGE + i] == 0);
	content[5 * PAGE + 17] ^= 0x55;
	scenario_check(memcmp(memory + 4 * PAGE, content + 4 * PAGE, 3 * PAGE) == 0);
	scenario_check(memcmp(memory + (PAGES - 1) * PAGE, content + (PAGES - 1) * PAGE, TAIL) == 0);
	scenario_check(memcmp(memory + (PAGES - 1) * PAGE + TAIL, "tail\0\0", 6) == 0);
	scenario_check(memcmp(read_only, content + 3 * PAGE, 2 * PAGE) == 0);

	/* The file itself has none of it, and pages not touched yet still follow it. */
	fd = scenario_call(open("file", O_RDWR));
	scenario_check_equal(lseek(fd, 0, SEEK_END), size);
	scenario_check_equal(pwrite(fd, "new", 3, 6 * PAGE), 3);
	scenario_check(memcmp(memory + 6 * PAGE, "new", 3) == 0);
	scenario_call((long)signal(SIGBUS, on_bus));
	if (sigsetjmp(beyond, 1) == 0) {
		*(volatile char *)(memory + PAGES * PAGE) = 1;
		scenario_fail("no SIGBUS past the end of the file");
	}
	scenario_pass();
}
