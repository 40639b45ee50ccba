/* SPDX-License-Identifier: MIT */
/* Waits without a timeout - pause, poll, select, ppoll, futex - go on until a handler ends them after the
 * restore. */
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

static uint32_t word;
static atomic_int returned;
static __thread volatile sig_atomic_t handled;

static void on_signal(int number)
{
	(void)number;
	handled = 1;
}

static long call_pause(void)
{
	return syscall(SYS_pause);
}

static long call_poll(void)
{
	return syscall(SYS_poll, NULL, 0, -1);
}

static long call_ppoll(void)
{
	return syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0);
}

static long call_select(void)
{
	return syscall(SYS_select, 0, NULL, NULL, NULL, NULL);
}

static long call_futex(void)
{
	return syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

static const struct {
	long (*block)(void);
	long number;
} calls[] = {
	{call_pause, SYS_pause},   {call_poll, SYS_poll},   {call_ppoll, SYS_ppoll},
	{call_select, SYS_select}, {call_futex, SYS_futex},
};
#define COUNT (sizeof(calls) / sizeof(calls[0]))

static atomic_int tids[COUNT];

static void *work(void *argument)
{
	size_t index = (size_t)argument;
	long result;

	atomic_store(&tids[index], gettid());
	result = calls[index].block();
	atomic_fetch_add(&returned, 1);
	if (result != -1 || errno != EINTR || !handled)
		scenario_fail("system call %ld gave %ld, %s", calls[index].number, result, strerror(errno));
	return NULL;
}

int main(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	pthread_t threads[COUNT];

	scenario_call(sigaction(SIGUSR1, &action, NULL));
	for (size_t i = 0; i < COUNT; i++) {
		scenario_check(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
		while (!atomic_load(&tids[i]))
			scenario_sleep_ms(1);
		scenario_wait_blocked(tids[i], calls[i].number);
	}
	scenario_checkpoint();
	scenario_sleep_ms(30);
	scenario_check_equal(atomic_load(&returned), 0);
	for (size_t i = 0; i < COUNT; i++) {
		scenario_check(pthread_kill(threads[i], SIGUSR1) == 0);
		scenario_check(pthread_join(threads[i], NULL) == 0);
	}
	scenario_pass();
}
