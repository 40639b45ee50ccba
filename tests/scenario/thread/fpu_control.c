/* SPDX-License-Identifier: MIT */
/* MXCSR, the x87 control word, the x87 stack and its tags are kept, also in a thread that sleeps in the
 * kernel. */
#include <fenv.h>
#include <pthread.h>
#include <stdatomic.h>
#include <xmmintrin.h>

#include "scenario.h"

static atomic_bool released;
static atomic_int ready;

static void *work(void *argument)
{
	long number = (long)argument;
	unsigned int mxcsr = 0x1f80U | (unsigned int)(number % 4) << 13 | (number % 2 ? 0x8040U : 0) | 0x21;
	unsigned short control = (unsigned short)(0x037f & ~0x0c00) | (unsigned short)((number % 4) << 10);
	unsigned short got;
	double a = 1.25 + (double)number, b = -3.5, c = 1e300, out[3];

	_mm_setcsr(mxcsr);
	__asm__ volatile("fldcw %0" : : "m"(control));
	/* Nothing below may use the x87 until it is emptied again. */
	__asm__ volatile("fldl %0\n\tfldl %1\n\tfldl %2" : : "m"(a), "m"(b), "m"(c));
	atomic_fetch_add(&ready, 1);
	while (!atomic_load(&released))
		scenario_sleep_ms(1);
	__asm__ volatile("fstpl %0\n\tfstpl %1\n\tfstpl %2" : "=m"(out[2]), "=m"(out[1]), "=m"(out[0]));
	__asm__ volatile("fnstcw %0" : "=m"(got));
	scenario_check(out[0] == a && out[1] == b && out[2] == c);
	scenario_check_equal(got, control);
	scenario_check_equal(_mm_getcsr(), mxcsr);
	return NULL;
}

int main(void)
{
	pthread_t threads[4];

	for (long i = 0; i < 4; i++)
		scenario_check(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
	while (atomic_load(&ready) < 4)
		scenario_sleep_ms(1);
	scenario_checkpoint();
	scenario_check_equal(_mm_getcsr(), 0x1f80);
	atomic_store(&released, true);
	for (int i = 0; i < 4; i++)
		scenario_check(pthread_join(threads[i], NULL) == 0);
	scenario_pass();
}
