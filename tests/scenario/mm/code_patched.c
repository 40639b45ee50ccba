/* SPDX-License-Identifier: MIT */
/* The program's own text, read-only data and GOT pages, changed by way of mprotect(2), keep the changes. */
#include <stdint.h>
#include <sys/mman.h>

#include "scenario.h"

#define PAGE 4096UL

__attribute__((noinline, noclone, aligned(4096), section(".text.patched"))) static int patched(void)
{
	__asm__ volatile("");
	return 0x11223344;
}

static const char constant[] = "read-only";
static int (*volatile call_patched)(void) = patched;

static void make_writable(const void *address, int protection)
{
	char *page = (char *)((uintptr_t)address & ~(PAGE - 1));

	scenario_call(mprotect(page, PAGE, protection));
}

int main(void)
{
	const int number = 0x55667788, old = 0x11223344;
	unsigned char *code = (unsigned char *)(uintptr_t)patched;
	char *volatile text = (char *)(uintptr_t)constant;

	scenario_check_equal(call_patched(), old);
	make_writable(code, PROT_READ | PROT_WRITE | PROT_EXEC);
	code = memmem(code, 64, &old, sizeof(old));
	scenario_check(code);
	memcpy(code, &number, sizeof(number));
	make_writable(code, PROT_READ | PROT_EXEC);
	make_writable(text, PROT_READ | PROT_WRITE);
	text[0] = 'R';
	make_writable(text, PROT_READ);
	scenario_checkpoint();
	scenario_check_equal(call_patched(), number);
	scenario_check(strcmp(text, "Read-only") == 0);
	scenario_pass();
}
