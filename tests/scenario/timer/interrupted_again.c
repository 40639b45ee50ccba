/* SPDX-License-Identifier: MIT */
/* A futex wait interrupted after the restore by handlers with SA_RESTART is restarted by the kernel each
 * time. */
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

static uint32_t word;
static atomic_int tid;
static atomic_bool returned;
static volatile sig_atomic_t handled;

static void on_signal(int number)
{
	(void)number;
	handled = handled + 1;
}

static void *work(void *unused)
{
	atomic_store(&tid, gettid());
	scenario_check_equal(syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0), 0);
	atomic_store(&returned, true);
	return unused;
}

int main(void)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	pthread_t thread;

	scenario_call(sigaction(SIGUSR1, &action, NULL));
	scenario_check(pthread_create(&thread, NULL, work, NULL) == 0);
	while (!atomic_load(&tid))
		scenario_sleep_ms(1);
	scenario_wait_blocked(tid, SYS_futex);
	scenario_checkpoint();
	for (int i = 1; i <= 3; i++) {
		scenario_check(pthread_kill(thread, SIGUSR1) == 0);
		while (handled < i)
			scenario_sleep_ms(1);
	}
	scenario_wait_blocked(tid, SYS_futex);
	scenario_check(!atomic_load(&returned));
	word = 1;
	scenario_call(syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1));
	scenario_check(pthread_join(thread, NULL) == 0);
	scenario_pass();
}
