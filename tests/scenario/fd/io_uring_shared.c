/* SPDX-License-Identifier: MIT */
/* needs: root */
/* user: 65534 */
/*
 * An io_uring of one process and its child, who have it in common, and one that only the second thread may
 * use; one is not enabled yet.
 */
#include <semaphore.h>
#include <signal.h>
#include <sys/wait.h>

#include "io_urings.h"
#include "waiters.h"

static sem_t go;
static struct ring of_thread;
static _Atomic bool is_made;

static void *work(void *unused)
{
	(void)unused;
	of_thread = ring_make(16, RING_SETUP_SINGLE_ISSUER | RING_SETUP_DEFER_TASKRUN);
	ring_turn(&of_thread, 1);
	is_made = true;
	while (sem_wait(&go) < 0)
		;
	ring_check_works(&of_thread);
	return NULL;
}

/* Each takes what the other has submitted. */
static _Noreturn void child(struct ring *ring, int reader, int writer)
{
	char byte;

	if (read(reader, &byte, 1) != 1 || ring_waiting(ring) != 1)
		_exit(1);
	ring_expect(ring, 50, 0);
	ring_prepare(ring, IORING_OP_NOP, 60);
	ring_enter(ring, 1, 0);
	_exit(write(writer, "c", 1) == 1 ? 0 : 2);
}

int main(void)
{
	struct ring ring = ring_make(8, 0);
	struct ring disabled = ring_make(8, IORING_SETUP_R_DISABLED | RING_SETUP_SINGLE_ISSUER);
	int down[2], up[2], status;
	pthread_t thread;
	char byte;
	pid_t pid;

	scenario_call(pipe(down));
	scenario_call(pipe(up));
	ring_turn(&ring, 1);
	pid = scenario_call(fork());
	if (pid == 0)
		child(&ring, down[0], up[1]);
	scenario_check(sem_init(&go, 0, 0) == 0);
	scenario_check(pthread_create(&thread, NULL, work, NULL) == 0);
	while (!is_made)
		scenario_sleep_ms(1);
	scenario_checkpoint();
	ring_prepare(&ring, IORING_OP_NOP, 50);
	ring_enter(&ring, 1, 0);
	scenario_check_equal(write(down[1], "p", 1), 1);
	scenario_check_equal(read(up[0], &byte, 1), 1);
	ring_expect(&ring, 60, 0);
	scenario_check_equal(waitpid(pid, &status, 0), pid);
	scenario_check_equal(status, 0);
	sem_post(&go);
	scenario_check(pthread_join(thread, NULL) == 0);
	scenario_check(syscall(SYS_io_uring_enter, disabled.fd, 0, 0, 0, NULL, 0) < 0 && errno == EBADFD);
	scenario_call(syscall(SYS_io_uring_register, disabled.fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0));
	ring_check_works(&disabled);
	ring_check_works(&ring);
	scenario_pass();
}
