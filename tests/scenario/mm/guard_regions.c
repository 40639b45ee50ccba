/* SPDX-License-Identifier: MIT */
/* Guard regions (MADV_GUARD_INSTALL) stay: in memory with contents, at the end of a mapping, in memory that
 * cannot be written to; and what is beside them is accessible. */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "scenario.h"

#define GUARD_INSTALL 102
#define GUARD_REMOVE 103
#define PAGE ((size_t)4096)
#define PAGES ((size_t)64)

/* Whether the kernel may read it for us. */
static bool is_readable(const char *at)
{
	static int pipe_fds[2] = {-1, -1};
	char byte;

	if (pipe_fds[0] < 0)
		scenario_call(pipe(pipe_fds));
	if (write(pipe_fds[1], at, 1) != 1) {
		scenario_check(errno == EFAULT);
		return false;
	}
	scenario_check(read(pipe_fds[0], &byte, 1) == 1);
	return true;
}

static bool is_guarded(size_t page)
{
	return (page >= 8 && page < 13) || page >= PAGES - 1;
}

static char *map(int protection)
{
	char *area = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	scenario_check(area != MAP_FAILED);
	for (size_t i = 0; i < PAGES; i += 2)
		area[i * PAGE] = (char)(i + 1);
	scenario_call(mprotect(area, PAGES * PAGE, protection));
	for (size_t i = 0; i < PAGES; i++)
		if (is_guarded(i) && madvise(area + i * PAGE, PAGE, GUARD_INSTALL) < 0)
			scenario_skip("this kernel has no guard regions in memory that cannot be written to");
	return area;
}

static void check(const char *area)
{
	for (size_t i = 0; i < PAGES; i++) {
		if (is_readable(area + i * PAGE) == is_guarded(i))
			scenario_fail("page %zu is %sreadable", i, is_guarded(i) ? "" : "not ");
		if (!is_guarded(i))
			scenario_check(area[i * PAGE] == (i % 2 ? 0 : (char)(i + 1)));
	}
}

int main(void)
{
	char *writable = map(PROT_READ | PROT_WRITE), *readable = map(PROT_READ);

	scenario_checkpoint();
	check(writable);
	check(readable);
	scenario_call(madvise(writable + 8 * PAGE, 5 * PAGE, GUARD_REMOVE));
	scenario_check(is_readable(writable + 8 * PAGE) && writable[8 * PAGE] == 0);
	scenario_pass();
}
