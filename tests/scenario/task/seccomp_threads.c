/* SPDX-License-Identifier: MIT */
/* Threads with seccomp filters of their own keep them apart; the others stay without. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

static atomic_bool released;
static atomic_int ready;

static void *work(void *argument)
{
	unsigned int error = 40 + (unsigned int)(long)argument;
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

	if (argument) {
		scenario_call(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
		scenario_call(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
	}
	atomic_fetch_add(&ready, 1);
	while (!atomic_load(&released))
		scenario_sleep_ms(1);
	if (argument)
		scenario_check(syscall(SYS_getppid) == -1 && errno == (int)error);
	else
		scenario_call(syscall(SYS_getppid));
	return NULL;
}

int main(void)
{
	pthread_t threads[4];

	for (long i = 0; i < 4; i++)
		scenario_check(pthread_create(&threads[i], NULL, work, (void *)(i % 3)) == 0);
	while (atomic_load(&ready) < 4)
		scenario_sleep_ms(1);
	scenario_checkpoint();
	scenario_check_equal(prctl(PR_GET_SECCOMP, 0, 0, 0, 0), 0);
	scenario_call(syscall(SYS_getppid));
	atomic_store(&released, true);
	for (int i = 0; i < 4; i++)
		scenario_check(pthread_join(threads[i], NULL) == 0);
	scenario_pass();
}
