/* SPDX-License-Identifier: MIT */
/* A chain of processes, of which only the newest lives, and not for long. */
/* no-compare */
#include "forking_chains.h"

int main(void)
{
	chains_main(1);
}
