/* SPDX-License-Identifier: MIT */
/* The main stack keeps its frames and still grows downwards on demand, as does another MAP_GROWSDOWN area. */
#include <stdlib.h>
#include <sys/mman.h>

#include "scenario.h"

#define PAGE 4096UL
#define DEPTH 400U

static unsigned long descend(unsigned int depth)
{
	volatile char frame[8192];
	unsigned long sum;

	memset((char *)frame, (int)depth, sizeof(frame));
	sum = depth ? descend(depth - 1) : 0;
	for (size_t i = 0; i < sizeof(frame); i += 512)
		scenario_check(frame[i] == (char)depth);
	return sum + depth;
}

/* A few frames are on the stack at the checkpoint and must be there for the way back. */
static unsigned long checkpoint_below(unsigned int depth, char *area)
{
	volatile char frame[3000];
	unsigned long sum;

	memset((char *)frame, (int)(depth * 3), sizeof(frame));
	if (depth)
		sum = checkpoint_below(depth - 1, area);
	else {
		scenario_checkpoint();
		sum = descend(DEPTH); /* 3 MiB more than the stack had */
		area[-16 * (long)PAGE] = 42;
		scenario_check(area[-16 * (long)PAGE] == 42);
	}
	for (size_t i = 0; i < sizeof(frame); i++)
		scenario_check(frame[i] == (char)(depth * 3));
	return sum;
}

int main(void)
{
	/* Room below, so that it can grow: the guard gap of the kernel is 1 MiB. */
	char *room = scenario_call(mmap(NULL, 1024 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	char *area = room + 1000 * PAGE;

	scenario_call(munmap(room, 1024 * PAGE));
	area = scenario_call(mmap(area, 8 * PAGE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED_NOREPLACE, -1, 0));
	scenario_fill(area, 8 * PAGE, 5);
	area[-(long)PAGE] = 17; /* has grown once already */
	scenario_check_equal(checkpoint_below(40, area), DEPTH * (DEPTH + 1) / 2);
	scenario_check(area[-(long)PAGE] == 17);
	scenario_check(scenario_is_filled(area, 8 * PAGE, 5));
	scenario_pass();
}
