/* SPDX-License-Identifier: MIT */
/* A dozen chains of processes, more than there are processors: while one is looked at, others go on. */
/* no-compare */
#include "forking_chains.h"

int main(void)
{
	chains_main(12);
}
