/* SPDX-License-Identifier: MIT */
/* Semaphores of System V: values, who has changed them, and what is undone when a process ends (SEM_UNDO),
 * which the end of a dump must not do for good. */
#include <sys/ipc.h>
#include <sys/sem.h>
#include <unistd.h>

#include "scenario.h"

#define COUNT 3

union semun {
	int value;
	struct semid_ds *facts;
	unsigned short *values;
};

static void change(int id, unsigned short index, short by, short flags)
{
	struct sembuf operation = {.sem_num = index, .sem_op = by, .sem_flg = flags};

	scenario_call(semop(id, &operation, 1));
}

static int value(int id, int index)
{
	return scenario_call(semctl(id, index, GETVAL));
}

static _Noreturn void child(int id)
{
	change(id, 0, -1, SEM_UNDO);
	change(id, 1, 3, SEM_UNDO);
	change(id, 2, 5, 0);
	scenario_mark("child");
	scenario_join();
	scenario_await("looked");
	_exit(0);
}

int main(void)
{
	unsigned short start[COUNT] = {2, 4, 32760};
	int id = scenario_call(semget(0x43530000 + (int)getpid(), COUNT, IPC_CREAT | IPC_EXCL | 0640));
	struct semid_ds facts;
	pid_t pid;

	scenario_call(semctl(id, 0, SETALL, (union semun){.values = start}));
	pid = scenario_fork();
	if (pid == 0)
		child(id);
	scenario_await("child");
	change(id, 2, -10, SEM_UNDO);
	change(id, 2, 12, 0);
	scenario_checkpoint();
	scenario_check_equal(value(id, 0), 1);
	scenario_check_equal(value(id, 1), 7);
	scenario_check_equal(value(id, 2), 32767);
	scenario_call(semctl(id, 0, IPC_STAT, (union semun){.facts = &facts}));
	scenario_check_equal(facts.sem_perm.mode, 0640);
	scenario_check_equal(semctl(id, 0, GETPID), pid);
	scenario_check_equal(semctl(id, 2, GETPID), getpid());
	scenario_mark("looked");
	scenario_reap(pid, 0);
	scenario_check_equal(value(id, 0), 2);
	scenario_check_equal(value(id, 1), 4);
	scenario_call(semctl(id, 0, IPC_RMID));
	scenario_pass();
}
