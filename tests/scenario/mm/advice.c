/* SPDX-License-Identifier: MIT */
/* Each madvise(2) that the kernel remembers is still in force: seen in smaps, and in what a fork(2) inherits.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenario.h"

#define PAGE 4096UL
#define SIZE (2UL << 20)

static const struct {
	int advice;
	const char *flag;
	bool is_optional;
} advices[] = {
	{MADV_DONTFORK, "dc", false},   {MADV_WIPEONFORK, "wf", false}, {MADV_DONTDUMP, "dd", false},
	{MADV_HUGEPAGE, "hg", true},    {MADV_NOHUGEPAGE, "nh", true},  {MADV_MERGEABLE, "mg", true},
	{MADV_SEQUENTIAL, "sr", false}, {MADV_RANDOM, "rr", false},
};
#define COUNT (sizeof(advices) / sizeof(advices[0]))

static char *areas[COUNT];

static bool has_flag(const void *address, const char *flag)
{
	FILE *file = fopen("/proc/self/smaps", "re");
	unsigned long start = 0, end = 0;
	char line[512], word[8];
	bool found = false;

	scenario_check(file);
	snprintf(word, sizeof(word), " %s ", flag);
	while (fgets(line, sizeof(line), file)) {
		unsigned long first, last;

		if (sscanf(line, "%lx-%lx ", &first, &last) == 2) {
			start = first;
			end = last;
		} else if (strncmp(line, "VmFlags:", 8) == 0 && (unsigned long)address >= start &&
			   (unsigned long)address < end)
			found = strstr(line, word);
	}
	fclose(file);
	return found;
}

/* In a child: what is there to see of the area. 0 = the contents, 1 = zeroes, 2 = nothing. */
static int seen_by_child(const char *area)
{
	int status;
	pid_t pid = scenario_call(fork());

	if (pid == 0) {
		if (mincore((void *)area, PAGE, (unsigned char[]){0}) < 0)
			_exit(2);
		_exit(*(volatile const char *)area ? 0 : 1);
	}
	scenario_call(waitpid(pid, &status, 0));
	scenario_check(WIFEXITED(status));
	return WEXITSTATUS(status);
}

int main(void)
{
	for (size_t i = 0; i < COUNT; i++) {
		char *room = scenario_call(
			mmap(NULL, 2 * SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

		areas[i] = room + PAGE;
		if (madvise(areas[i], SIZE, advices[i].advice) < 0) {
			if (!advices[i].is_optional || errno != EINVAL)
				scenario_fail("madvise(%d): %s", advices[i].advice, strerror(errno));
			areas[i] = NULL;
			continue;
		}
		memset(areas[i], 0x41, SIZE);
		scenario_check(has_flag(areas[i], advices[i].flag));
	}
	scenario_checkpoint();
	for (size_t i = 0; i < COUNT; i++) {
		if (!areas[i])
			continue;
		if (!has_flag(areas[i], advices[i].flag) || has_flag(areas[i] - PAGE, advices[i].flag))
			scenario_fail("the flag '%s' of area %zu is not as it was", advices[i].flag, i);
		for (size_t byte = 0; byte < SIZE; byte += 64)
			scenario_check(areas[i][byte] == 0x41);
		scenario_check_equal(seen_by_child(areas[i]), advices[i].advice == MADV_DONTFORK     ? 2
							      : advices[i].advice == MADV_WIPEONFORK ? 1
												     : 0);
	}
	scenario_pass();
}
