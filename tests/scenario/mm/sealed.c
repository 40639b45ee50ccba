/* SPDX-License-Identifier: MIT */
/* Memory sealed with mseal(2) is sealed afterwards: it can be neither unmapped nor opened for writing. */
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

#ifndef SYS_mseal
#define SYS_mseal 462
#endif

int main(void)
{
	char *memory =
		scenario_call(mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

	scenario_fill(memory, 16384, 9);
	scenario_call(mprotect(memory, 16384, PROT_READ));
	if (syscall(SYS_mseal, memory + 4096, 8192, 0) < 0)
		scenario_skip("mseal: %s", strerror(errno));
	scenario_checkpoint();
	scenario_check(scenario_is_filled(memory, 16384, 9));
	scenario_check_equal(munmap(memory + 4096, 4096), -1);
	scenario_check_equal(mprotect(memory + 8192, 4096, PROT_READ | PROT_WRITE), -1);
	scenario_call(munmap(memory, 4096));
	scenario_pass();
}
