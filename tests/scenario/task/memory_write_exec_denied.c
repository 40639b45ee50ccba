/* SPDX-License-Identifier: MIT */
/* A process that forbade itself memory both written and executed (PR_SET_MDWE) is restored, and still may
 * not. */
#include <sys/mman.h>
#include <sys/prctl.h>

#include "scenario.h"

#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#define PR_GET_MDWE 66
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

int main(void)
{
	/* Made before it was forbidden, and kept. */
	char *memory = scenario_call(
		mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

	scenario_fill(memory, 4096, 1);
	if (prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) < 0)
		scenario_skip("this kernel has no PR_SET_MDWE");
	scenario_checkpoint();
	scenario_check_equal(prctl(PR_GET_MDWE, 0, 0, 0, 0), PR_MDWE_REFUSE_EXEC_GAIN);
	scenario_check(scenario_is_filled(memory, 4096, 1));
	memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	scenario_check(memory == MAP_FAILED && errno == EACCES);
	scenario_pass();
}
