/* SPDX-License-Identifier: MIT */
/* A program that has hardly an address left free: whoever needs a place in it has to look for one. */
/* not: kill twice restore-twice stream foreground */
#include <stdio.h>
#include <sys/mman.h>

#include "scenario.h"

#define PAGE 4096UL

/* Fills every hole with reserved space, large ones first. */
static void fill_holes(void)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

	for (size_t size = 1UL << 46; size >= 1UL << 20; size /= 2)
		while (mmap(NULL, size, PROT_NONE, flags, -1, 0) != MAP_FAILED)
			;
}

int main(void)
{
	char *page;

	fill_holes();
	page = mmap(NULL, 1UL << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	scenario_check(page == MAP_FAILED);
	while (mmap(NULL, 32 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) !=
	       MAP_FAILED)
		;
	scenario_checkpoint();
	page = mmap(NULL, 1UL << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	scenario_check(page == MAP_FAILED && errno == ENOMEM);
	scenario_pass();
}
