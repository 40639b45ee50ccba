/* SPDX-License-Identifier: MIT */
/* The personality and its flags are kept, without the effects they have only on mmap(2) and execve(2) getting
 * in the way. */
#include <sys/mman.h>
#include <sys/personality.h>

#include "scenario.h"

#define FLAGS (PER_LINUX | ADDR_NO_RANDOMIZE | READ_IMPLIES_EXEC | ADDR_COMPAT_LAYOUT | UNAME26)

int main(void)
{
	char *memory;

	scenario_call(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	scenario_call(personality(FLAGS));
	memory = scenario_call(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	memory[0] = 1;
	scenario_checkpoint();
	scenario_check_equal(personality(0xffffffff), FLAGS);
	scenario_check(memory[0] == 1);
	scenario_pass();
}
