/* SPDX-License-Identifier: MIT */
/* Mappings at the lowest and at the highest addresses a program can have are kept there. */
#include <sys/mman.h>

#include "scenario.h"

#define PAGE 4096UL

int main(void)
{
	const uintptr_t places[] = {0x10000,
				    0x11000,
				    0x400000,
				    0x7fff0000,
				    0x80000000,
				    0x100000000,
				    0x10000000000,
				    0x7ffffffff000 - 0x21000,
				    0x7ffffffff000 - PAGE};
	const size_t count = sizeof(places) / sizeof(places[0]);
	char *memory[sizeof(places) / sizeof(places[0])];

	for (size_t i = 0; i < count; i++) {
		memory[i] = mmap((void *)places[i], PAGE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
		if (memory[i] == MAP_FAILED && errno == EEXIST) {
			memory[i] = NULL; /* the stack may be up there */
			continue;
		}
		if (memory[i] == MAP_FAILED)
			scenario_fail("mmap at %#lx: %s", (unsigned long)places[i], strerror(errno));
		scenario_fill(memory[i], PAGE, i);
	}
	scenario_checkpoint();
	for (size_t i = 0; i < count; i++)
		if (memory[i] && !scenario_is_filled(memory[i], PAGE, i))
			scenario_fail("the page at %#lx has changed", (unsigned long)places[i]);
	scenario_pass();
}
