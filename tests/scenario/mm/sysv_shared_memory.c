/* SPDX-License-Identifier: MIT */
/* Segments of System V shared memory: ids, keys, owners, contents, attachments of parent and child, removal
 * once all detach. */
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenario.h"

#define PAGE 4096
#define SIZE (5 * PAGE + 100)
#define KEY 0x43520001

static char *attach(int id, int flags)
{
	char *memory = shmat(id, NULL, flags);

	scenario_check(memory != (char *)-1);
	return memory;
}

static _Noreturn void child(volatile char *memory)
{
	memory[2] = 'r';
	while (memory[0] != 'g')
		scenario_sleep_ms(1);
	memory[1] = 'c';
	_exit(0);
}

static struct shmid_ds look(int id)
{
	struct shmid_ds facts;

	scenario_call(shmctl(id, IPC_STAT, &facts));
	return facts;
}

int main(void)
{
	int keyed = shmget(KEY + (int)getpid(), SIZE, IPC_CREAT | IPC_EXCL | 0640), doomed, status;
	char *memory, *read_only, *last;
	struct shmid_ds before, after;
	pid_t pid;

	scenario_check(keyed >= 0);
	doomed = scenario_call(shmget(IPC_PRIVATE, PAGE, 0600));
	memory = attach(keyed, 0);
	read_only = attach(keyed, SHM_RDONLY);
	last = attach(doomed, 0);
	scenario_call(shmctl(doomed, IPC_RMID, NULL));
	scenario_fill(memory + PAGE, SIZE - PAGE, 3);
	*last = 'l';
	scenario_call(mprotect(memory + 2 * PAGE, PAGE, PROT_READ));
	pid = scenario_call(fork());
	if (pid == 0)
		child(memory);
	while (((volatile char *)memory)[2] != 'r')
		scenario_sleep_ms(1);
	before = look(keyed);
	scenario_checkpoint();
	after = look(keyed);
	scenario_check_equal(after.shm_nattch, before.shm_nattch);
	scenario_check_equal(after.shm_perm.mode, before.shm_perm.mode);
	scenario_check_equal(after.shm_segsz, before.shm_segsz);
	scenario_check_equal(shmget(KEY + (int)getpid(), 0, 0), keyed);
	scenario_check(scenario_is_filled(memory + PAGE, SIZE - PAGE, 3));
	scenario_check(scenario_is_filled(read_only + PAGE, SIZE - PAGE, 3));
	scenario_check_equal(*last, 'l');
	memory[0] = 'g';
	scenario_check_equal(waitpid(pid, &status, 0), pid);
	scenario_check_equal(status, 0);
	scenario_check_equal(read_only[1], 'c');
	scenario_call(shmdt(last));
	scenario_check(shmctl(doomed, IPC_STAT, &after) < 0);
	scenario_call(mprotect(memory + 2 * PAGE, PAGE, PROT_READ | PROT_WRITE));
	scenario_call(shmdt(memory));
	scenario_call(shmdt(read_only));
	scenario_call(shmctl(keyed, IPC_RMID, NULL));
	scenario_pass();
}
