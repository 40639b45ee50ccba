/* SPDX-License-Identifier: MIT */
/* Threads keep the gs base they set, each its own, and the fs base that is their TLS. */
#include <asm/prctl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

static atomic_bool released;
static atomic_int ready;

static void *work(void *argument)
{
	unsigned long block[4] = {1, 2, (unsigned long)argument, 4}, base, fs_base, value;

	scenario_call(syscall(SYS_arch_prctl, ARCH_SET_GS, block));
	scenario_call(syscall(SYS_arch_prctl, ARCH_GET_FS, &fs_base));
	scenario_check_equal(fs_base, pthread_self());
	atomic_fetch_add(&ready, 1);
	while (!atomic_load(&released))
		scenario_sleep_ms(1);
	scenario_call(syscall(SYS_arch_prctl, ARCH_GET_GS, &base));
	scenario_check_equal(base, (unsigned long)block);
	__asm__ volatile("mov %%gs:16, %0" : "=r"(value));
	scenario_check_equal(value, (unsigned long)argument);
	scenario_call(syscall(SYS_arch_prctl, ARCH_GET_FS, &base));
	scenario_check_equal(base, fs_base);
	return NULL;
}

int main(void)
{
	pthread_t threads[4];
	unsigned long base;

	for (long i = 0; i < 4; i++)
		scenario_check(pthread_create(&threads[i], NULL, work, (void *)(i * 1000)) == 0);
	while (atomic_load(&ready) < 4)
		scenario_sleep_ms(1);
	scenario_checkpoint();
	atomic_store(&released, true);
	for (int i = 0; i < 4; i++)
		scenario_check(pthread_join(threads[i], NULL) == 0);
	scenario_call(syscall(SYS_arch_prctl, ARCH_GET_GS, &base));
	scenario_check_equal(base, 0);
	scenario_pass();
}
