/* SPDX-License-Identifier: MIT */
/* Each thread keeps its own signal mask, alternate stack and directed pending signals. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "scenario.h"

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1U << 31)
#endif
#define THREADS 8
#define STACK (32UL << 10)

static atomic_bool released;
static atomic_int ready;
static __thread char *own_stack;
static __thread volatile sig_atomic_t on_own_stack;

static void on_signal(int number)
{
	char here;

	(void)number;
	on_own_stack =
		(uintptr_t)&here >= (uintptr_t)own_stack && (uintptr_t)&here < (uintptr_t)own_stack + STACK;
}

static void *work(void *argument)
{
	long number = (long)argument;
	stack_t stack, got;
	sigset_t mask, now, pending;

	own_stack = malloc(STACK);
	stack = (stack_t){
		.ss_sp = own_stack, .ss_size = STACK, .ss_flags = number % 2 ? (int)SS_AUTODISARM : 0};
	if (number % 4 != 3)
		scenario_call(sigaltstack(&stack, NULL));
	sigemptyset(&mask);
	sigaddset(&mask, SIGRTMIN + (int)number);
	sigaddset(&mask, SIGUSR1);
	scenario_check(pthread_sigmask(SIG_SETMASK, &mask, NULL) == 0);
	if (number % 2)
		raise(SIGUSR1);
	atomic_fetch_add(&ready, 1);
	while (!atomic_load(&released))
		scenario_sleep_ms(1);
	scenario_check(pthread_sigmask(SIG_SETMASK, NULL, &now) == 0);
	scenario_check(memcmp(&mask, &now, 8) == 0);
	scenario_call(sigpending(&pending));
	scenario_check_equal(sigismember(&pending, SIGUSR1), number % 2);
	scenario_call(sigaltstack(NULL, &got));
	if (number % 4 == 3) {
		scenario_check(got.ss_flags & SS_DISABLE);
		return NULL;
	}
	scenario_check(got.ss_sp == own_stack && got.ss_size == STACK);
	scenario_check_equal(got.ss_flags, stack.ss_flags);
	raise(SIGUSR2);
	scenario_check(on_own_stack);
	return NULL;
}

int main(void)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
	pthread_t threads[THREADS];

	scenario_call(sigaction(SIGUSR1, &action, NULL));
	scenario_call(sigaction(SIGUSR2, &action, NULL));
	for (long i = 0; i < THREADS; i++)
		scenario_check(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
	while (atomic_load(&ready) < THREADS)
		scenario_sleep_ms(1);
	scenario_checkpoint();
	atomic_store(&released, true);
	for (int i = 0; i < THREADS; i++)
		scenario_check(pthread_join(threads[i], NULL) == 0);
	scenario_pass();
}
