/* SPDX-License-Identifier: MIT */
/* Two threads hold patterns in all SSE or AVX registers while they compute, and never see another's. */
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "scenario.h"

#define REGISTERS 16
#define WIDTH 32

static atomic_bool released;
static atomic_int running;

/* Loads the registers, computes for a while without touching them, stores them. */
#define SPIN(load, store, width)                                                                             \
	__asm__ volatile(".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n\t" load "\n\t.endr\n\t"             \
			 "1: dec %[count]\n\t"                                                               \
			 "jnz 1b\n\t"                                                                        \
			 ".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n\t" store "\n\t.endr\n\t"            \
			 : [count] "+r"(count)                                                               \
			 : [in] "r"(in), [out] "r"(out)                                                      \
			 : "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",   \
			   "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15")

static void spin_sse(const char *in, char *out)
{
	unsigned long count = 30000000;

	SPIN("movups \\n*32(%[in]), %%xmm\\n", "movups %%xmm\\n, \\n*32(%[out])", 16);
}

static void spin_avx(const char *in, char *out)
{
	unsigned long count = 30000000;

	SPIN("vmovups \\n*32(%[in]), %%ymm\\n", "vmovups %%ymm\\n, \\n*32(%[out])", 32);
}

static void *hold(void *argument)
{
	bool use_avx = __builtin_cpu_supports("avx");
	size_t width = use_avx ? 32 : 16;
	char in[REGISTERS * WIDTH], out[REGISTERS * WIDTH];

	scenario_fill(in, sizeof(in), (uint64_t)(long)argument);
	atomic_fetch_add(&running, 1);
	do {
		memset(out, 0, sizeof(out));
		if (use_avx)
			spin_avx(in, out);
		else
			spin_sse(in, out);
		for (size_t i = 0; i < REGISTERS; i++)
			if (memcmp(in + i * WIDTH, out + i * WIDTH, width) != 0)
				scenario_fail("thread %ld: vector register %zu has changed", (long)argument,
					      i);
	} while (!atomic_load(&released));
	return NULL;
}

int main(void)
{
	pthread_t threads[2];

	for (long i = 0; i < 2; i++)
		scenario_check(pthread_create(&threads[i], NULL, hold, (void *)(i + 1)) == 0);
	while (atomic_load(&running) < 2)
		scenario_sleep_ms(1);
	scenario_sleep_ms(5);
	scenario_checkpoint();
	atomic_store(&released, true);
	for (int i = 0; i < 2; i++)
		scenario_check(pthread_join(threads[i], NULL) == 0);
	scenario_pass();
}
