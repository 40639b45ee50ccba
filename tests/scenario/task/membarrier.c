/* SPDX-License-Identifier: MIT */
/* What a program has registered for membarrier(2), as run-time systems do, can be used afterwards, and
 * nothing else. */
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

static long membarrier(int command)
{
	return syscall(SYS_membarrier, command, 0, 0);
}

int main(void)
{
	long offered = membarrier(MEMBARRIER_CMD_QUERY);

	if (offered < 0 || !(offered & MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE))
		scenario_skip("this kernel lacks membarrier(2)");
	scenario_call(membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED));
	scenario_call(membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE));
	scenario_checkpoint();
	scenario_call(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE));
	if (offered & MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ)
		scenario_check(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ) == -1 && errno == EPERM);
	scenario_call(membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ));
	scenario_checkpoint();
	scenario_call(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE));
	scenario_call(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ));
	scenario_pass();
}
