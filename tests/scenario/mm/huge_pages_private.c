/* SPDX-License-Identifier: MIT */
/* Private memory of huge pages: contents, pages that were never touched, protections, one without
 * reservation, and what a child has in common with its parent. */
/* needs: huge_pages */
#include <sys/mman.h>
#include <unistd.h>

#include "scenario.h"

#define HUGE (2UL << 20)
#define FLAGS (MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB)

static char *map(size_t pages, int flags)
{
	return scenario_call(mmap(NULL, pages * HUGE, PROT_READ | PROT_WRITE, FLAGS | flags, -1, 0));
}

/* What mincore(2) tells of huge pages: whether they are there. */
static bool is_there(char *memory)
{
	unsigned char present = 0;

	scenario_call(mincore(memory, 4096, &present));
	return present & 1;
}

static _Noreturn void child(char *common)
{
	common[HUGE + 1] = 'c';
	scenario_mark("child");
	scenario_join();
	scenario_check(scenario_is_filled(common, HUGE, 3));
	scenario_check_equal(common[HUGE + 1], 'c');
	scenario_check_equal(common[2 * HUGE], 'p');
	common[0] = 'x';
	_exit(0);
}

int main(void)
{
	char *memory = map(4, 0), *sparse = map(8, MAP_NORESERVE), *common = map(3, 0);
	pid_t pid;

	scenario_fill(memory, HUGE + 5000, 1);
	memory[3 * HUGE] = 'l';
	scenario_call(mprotect(memory + 3 * HUGE, HUGE, PROT_READ));
	sparse[5 * HUGE + 77] = 's';
	scenario_fill(common, HUGE, 3);
	common[HUGE + 1] = 'p';
	common[2 * HUGE] = 'p';
	pid = scenario_fork();
	if (pid == 0)
		child(common);
	scenario_await("child");
	scenario_checkpoint();
	scenario_check(scenario_is_filled(memory, HUGE + 5000, 1));
	scenario_check_equal(memory[3 * HUGE], 'l');
	scenario_check(!is_there(memory + 2 * HUGE));
	scenario_check_equal(memory[2 * HUGE], 0);
	scenario_check_equal(sparse[5 * HUGE + 77], 's');
	scenario_check(!is_there(sparse) && !is_there(sparse + 7 * HUGE));
	scenario_reap(pid, 0);
	scenario_check(scenario_is_filled(common, HUGE, 3));
	scenario_check_equal(common[HUGE + 1], 'p');
	scenario_call(munmap(memory + HUGE, HUGE));
	scenario_pass();
}
