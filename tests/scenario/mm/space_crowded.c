/* SPDX-License-Identifier: MIT */
/* A program that has one hole left in its address space: whoever needs a place in it has to find that. */
#include <stdio.h>
#include <sys/mman.h>

#include "scenario.h"

#define PAGE 4096UL
#define HOLE_SIZE (2UL << 20)

static void *reserve(size_t size)
{
	return mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

/* Large pieces first. What stays free is only where the kernel gives nothing to anybody, as below a stack. */
static void fill_holes(void)
{
	for (size_t size = 1UL << 46; size >= PAGE; size /= 2)
		while (reserve(size) != MAP_FAILED)
			;
}

int main(void)
{
	char *hole = scenario_call(reserve(HOLE_SIZE));

	fill_holes();
	scenario_call(munmap(hole, HOLE_SIZE));
	scenario_checkpoint();
	scenario_check(reserve(HOLE_SIZE) == hole);
	scenario_check(reserve(PAGE) == MAP_FAILED && errno == ENOMEM);
	scenario_pass();
}
