/* SPDX-License-Identifier: MIT */
/* A thread interrupted inside a restartable sequence continues at its abort address, never in the middle. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/rseq.h>
#include <unistd.h>

#include "scenario.h"

static atomic_bool released;
static atomic_long rounds, aborts;
/* What only the section writes: first and last of it are different only while it runs. */
static volatile long first, last;

static void run_section(volatile struct rseq *area)
{
	static long spin = 20000000;

	__asm__ volatile goto(".pushsection __rseq_cs, \"aw\"\n\t"
			      ".balign 32\n\t"
			      "3: .long 0, 0\n\t"
			      ".quad 1f, 2f - 1f, 4f\n\t"
			      ".popsection\n\t"
			      "leaq 3b(%%rip), %%rax\n\t"
			      "movq %%rax, %c[field](%[area])\n\t"
			      "1:\n\t"
			      "incq %[first]\n\t"
			      "movq %[spin], %%rcx\n\t"
			      "5: decq %%rcx\n\t"
			      "jnz 5b\n\t"
			      "incq %[last]\n\t"
			      "2:\n\t"
			      ".pushsection .text.abort, \"ax\"\n\t"
			      ".byte 0x0f, 0xb9, 0x3d\n\t"
			      ".long 0x53053053\n\t"
			      "4: jmp %l[abort]\n\t"
			      ".popsection\n\t"
			      :
			      : [area] "r"(area), [field] "i"(offsetof(struct rseq, rseq_cs)),
				[first] "m"(first), [last] "m"(last), [spin] "m"(spin)
			      : "rax", "rcx", "cc", "memory"
			      : abort);
	area->rseq_cs = 0;
	if (first != last)
		scenario_fail("a sequence ended without having begun: %ld and %ld", first, last);
	return;
abort:
	atomic_fetch_add(&aborts, 1);
	if (first < last || first > last + 1)
		scenario_fail("an aborted sequence left %ld and %ld", first, last);
	first = last;
}

static void *work(void *unused)
{
	volatile struct rseq *area =
		(volatile struct rseq *)((char *)__builtin_thread_pointer() + __rseq_offset);

	while (!atomic_load(&released)) {
		run_section(area);
		atomic_fetch_add(&rounds, 1);
	}
	return unused;
}

int main(void)
{
	pthread_t thread;

	if (__rseq_size == 0)
		scenario_skip("the C library has not registered rseq");
	scenario_check(pthread_create(&thread, NULL, work, NULL) == 0);
	while (atomic_load(&rounds) == 0)
		scenario_sleep_ms(1);
	scenario_checkpoint();
	atomic_store(&rounds, 0);
	while (atomic_load(&rounds) < 3)
		scenario_sleep_ms(1);
	atomic_store(&released, true);
	scenario_check(pthread_join(thread, NULL) == 0);
	scenario_pass();
}
