/* SPDX-License-Identifier: MIT */
/* Processes that wait for a semaphore of System V, and for one to become zero, go on waiting; also with a
 * timeout. */
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

static int change(int id, unsigned short index, short by)
{
	struct sembuf operation = {.sem_num = index, .sem_op = by};

	return semop(id, &operation, 1);
}

static pid_t start(int id, unsigned short index, short by, time_t seconds)
{
	struct sembuf operation = {.sem_num = index, .sem_op = by};
	struct timespec timeout = {.tv_sec = seconds};
	pid_t pid = scenario_fork();

	if (pid != 0) {
		scenario_wait_blocked(pid, SYS_semtimedop);
		return pid;
	}
	scenario_check_equal(syscall(SYS_semtimedop, id, &operation, 1, seconds ? &timeout : NULL), 0);
	_exit(0);
}

int main(void)
{
	int id = scenario_call(semget(IPC_PRIVATE, 2, 0600));
	pid_t pids[3];

	scenario_call(change(id, 1, 2));
	pids[0] = start(id, 0, -1, 0);
	pids[1] = start(id, 0, -2, 600);
	pids[2] = start(id, 1, 0, 0);
	scenario_checkpoint();
	while (semctl(id, 0, GETNCNT) < 2 || semctl(id, 1, GETZCNT) < 1)
		scenario_sleep_ms(1);
	scenario_call(change(id, 1, -2));
	scenario_reap(pids[2], 0);
	scenario_call(change(id, 0, 3));
	scenario_reap(pids[0], 0);
	scenario_reap(pids[1], 0);
	scenario_check_equal(semctl(id, 0, GETVAL), 0);
	scenario_call(semctl(id, 0, IPC_RMID));
	scenario_pass();
}
