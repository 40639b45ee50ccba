/* SPDX-License-Identifier: MIT */
/* A thread that computes with patterns in all general registers and the red zone finds them as they were. */
#include <pthread.h>
#include <stdatomic.h>

#include "scenario.h"

static atomic_bool released;
static atomic_long rounds;

/*
 * Fills the registers from one pattern, spins on the stack's red zone, and counts the registers that differ
 * then. The direction and carry flags are set over the loop as well.
 */
__attribute__((noinline)) static unsigned long spin(unsigned long pattern)
{
	unsigned long wrong;

	__asm__ volatile("push %%rbp\n\t"
			 "mov %%rax, -40(%%rsp)\n\t"
			 "movq $20000000, -16(%%rsp)\n\t"
			 "mov %%rax, -120(%%rsp)\n\t"
			 "mov %%rax, %%rbx\n\tmov %%rax, %%rcx\n\tmov %%rax, %%rdx\n\tmov %%rax, %%rsi\n\t"
			 "mov %%rax, %%rdi\n\tmov %%rax, %%rbp\n\tmov %%rax, %%r8\n\tmov %%rax, %%r9\n\t"
			 "mov %%rax, %%r10\n\tmov %%rax, %%r11\n\tmov %%rax, %%r12\n\tmov %%rax, %%r13\n\t"
			 "mov %%rax, %%r14\n\tmov %%rax, %%r15\n\t"
			 "std\n\tstc\n\t"
			 "1: decq -16(%%rsp)\n\t"
			 "jnz 1b\n\t"
			 "jnc 2f\n\t" /* dec leaves the carry flag alone */
			 "pushfq\n\t"
			 "pop -24(%%rsp)\n\t"
			 "cld\n\t"
			 "btq $10, -24(%%rsp)\n\t"
			 "jnc 2f\n\t"
			 ".irp r,rbx,rcx,rdx,rsi,rdi,rbp,r8,r9,r10,r11,r12,r13,r14,r15\n\t"
			 "cmp %%\\r, -40(%%rsp)\n\tjne 2f\n\t"
			 ".endr\n\t"
			 "cmp %%rax, -120(%%rsp)\n\tjne 2f\n\t"
			 "cmp %%rax, -40(%%rsp)\n\tjne 2f\n\t"
			 "xor %%eax, %%eax\n\tjmp 3f\n\t"
			 "2: cld\n\tmov $1, %%eax\n\t"
			 "3: pop %%rbp"
			 : "=a"(wrong)
			 : "a"(pattern)
			 : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
			   "r15", "cc", "memory");
	return wrong;
}

static void *work(void *argument)
{
	for (unsigned long pattern = (unsigned long)argument; !atomic_load(&released);
	     pattern = pattern * 3 + 1) {
		if (spin(pattern))
			scenario_fail("a register, a flag or the red zone has changed");
		atomic_fetch_add(&rounds, 1);
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[2];

	scenario_check(pthread_create(&threads[0], NULL, work, (void *)0xfedcba9876543210UL) == 0);
	scenario_check(pthread_create(&threads[1], NULL, work, (void *)0x8000000000000001UL) == 0);
	scenario_sleep_ms(10);
	scenario_checkpoint();
	atomic_store(&rounds, 0);
	while (atomic_load(&rounds) < 4)
		scenario_sleep_ms(1);
	atomic_store(&released, true);
	for (int i = 0; i < 2; i++)
		scenario_check(pthread_join(threads[i], NULL) == 0);
	scenario_pass();
}
