/* SPDX-License-Identifier: MIT */
/* One area cut up by mprotect(2) keeps every page's protection, and the contents of those it forbids. */
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "scenario.h"

#define PAGE 4096UL
#define PAGES 64UL

static const int protections[] = {
	PROT_NONE,
	PROT_READ,
	PROT_READ | PROT_WRITE,
	PROT_READ | PROT_EXEC,
	PROT_READ | PROT_WRITE | PROT_EXEC,
	PROT_WRITE,
	PROT_EXEC,
};
#define KINDS (sizeof(protections) / sizeof(protections[0]))

static sigjmp_buf fault;

static void on_fault(int number)
{
	(void)number;
	siglongjmp(fault, 1);
}

static bool can_read(volatile char *byte)
{
	if (sigsetjmp(fault, 1))
		return false;
	(void)*byte;
	return true;
}

static bool can_write(volatile char *byte)
{
	if (sigsetjmp(fault, 1))
		return false;
	*byte = *byte;
	return true;
}

int main(void)
{
	char *memory = scenario_call(
		mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

	for (unsigned long i = 0; i < PAGES; i++) {
		if (i % 5 != 4) /* some are never touched */
			scenario_fill(memory + i * PAGE, PAGE, i);
		scenario_call(mprotect(memory + i * PAGE, PAGE, protections[i % KINDS]));
	}
	scenario_call((long)signal(SIGSEGV, on_fault));
	scenario_checkpoint();
	for (unsigned long i = 0; i < PAGES; i++) {
		char *page = memory + i * PAGE;
		int protection = protections[i % KINDS];
		/* On this CPU what can be written can be read; execute-only pages can be unreadable with
		 * keys. */
		bool readable = protection & (PROT_READ | PROT_WRITE);

		if (protection != PROT_EXEC && can_read(page) != readable)
			scenario_fail("page %lu with protection %d: reading", i, protection);
		if (protection != PROT_EXEC && can_write(page) != !!(protection & PROT_WRITE))
			scenario_fail("page %lu with protection %d: writing", i, protection);
		scenario_call(mprotect(page, PAGE, PROT_READ | PROT_WRITE));
		if (i % 5 != 4 && !scenario_is_filled(page, PAGE, i))
			scenario_fail("page %lu with protection %d lost its contents", i, protection);
	}
	scenario_pass();
}
