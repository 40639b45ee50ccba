/* SPDX-License-Identifier: MIT */
/* The self-pipe trick: a signal handler writes into a pipe, by which the main thread wakes up from poll(2).
 */
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>

#include "pipes.h"

static struct pipe_pair wakeup;
static volatile pid_t tid;
static volatile int rounds;

static void wake(int number)
{
	char byte = (char)number;
	int saved = errno;

	(void)!write(wakeup.write_fd, &byte, 1);
	errno = saved;
}

static void *run(void *unused)
{
	(void)unused;
	tid = (pid_t)syscall(SYS_gettid);
	for (;;) {
		struct pollfd poll_fd = {.fd = wakeup.read_fd, .events = POLLIN};
		char byte;

		if (syscall(SYS_poll, &poll_fd, 1, -1) < 0) {
			scenario_check_equal(errno, EINTR);
			continue;
		}
		scenario_check_equal(read(wakeup.read_fd, &byte, 1), 1);
		rounds = rounds + 1;
		if (byte == SIGUSR2)
			return NULL;
		scenario_check_equal(byte, SIGUSR1);
	}
}

int main(void)
{
	struct sigaction action = {.sa_handler = wake};
	pthread_t thread;

	wakeup = pipes_make(O_NONBLOCK | O_CLOEXEC);
	scenario_call(sigaction(SIGUSR1, &action, NULL));
	scenario_call(sigaction(SIGUSR2, &action, NULL));
	scenario_check(pthread_create(&thread, NULL, run, NULL) == 0);
	while (tid == 0)
		scenario_sleep_ms(1);
	scenario_check(pthread_kill(thread, SIGUSR1) == 0);
	while (rounds == 0)
		scenario_sleep_ms(1);
	scenario_wait_blocked(tid, SYS_poll);

	scenario_checkpoint();
	scenario_check_equal(rounds, 1);
	raise(SIGUSR1);
	while (rounds == 1)
		scenario_sleep_ms(1);
	scenario_check(pthread_kill(thread, SIGUSR2) == 0);
	scenario_check(pthread_join(thread, NULL) == 0);
	scenario_check_equal(rounds, 3);
	scenario_pass();
}
