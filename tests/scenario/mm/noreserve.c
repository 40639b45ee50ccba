/* SPDX-License-Identifier: MIT */
/* A MAP_NORESERVE area larger than all memory keeps its few pages and stays unreserved. */
#include <sys/mman.h>

#include "scenario.h"

#define PAGE 4096UL
#define SIZE (1UL << 40)

int main(void)
{
	const size_t places[] = {0, 5 * PAGE, 1UL << 30, (1UL << 39) + PAGE, SIZE - PAGE};
	const size_t count = sizeof(places) / sizeof(places[0]);
	char *memory =
		mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		scenario_skip("this host does not overcommit");
	scenario_call(madvise(memory, SIZE, MADV_NOHUGEPAGE));
	for (size_t i = 0; i < count; i++)
		scenario_fill(memory + places[i], PAGE, i);
	scenario_checkpoint();
	for (size_t i = 0; i < count; i++)
		scenario_check(scenario_is_filled(memory + places[i], PAGE, i));
	scenario_check(memory[SIZE / 4] == 0);
	memory[SIZE / 4] = 1;
	scenario_pass();
}
