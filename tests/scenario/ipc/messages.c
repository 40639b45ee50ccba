/* SPDX-License-Identifier: MIT */
/* A message queue of System V: what is in it, in its order, and who has used it last. */
#include <sys/ipc.h>
#include <sys/msg.h>
#include <unistd.h>

#include "scenario.h"

struct message {
	long type;
	char text[5000];
};

static void send(int id, long type, size_t size, uint64_t seed)
{
	struct message message = {.type = type};

	scenario_fill(message.text, size, seed);
	scenario_call(msgsnd(id, &message, size, IPC_NOWAIT));
}

static void receive(int id, long wanted, long type, size_t size, uint64_t seed)
{
	struct message message;

	scenario_check_equal(msgrcv(id, &message, sizeof(message.text), wanted, IPC_NOWAIT), size);
	scenario_check_equal(message.type, type);
	scenario_check(scenario_is_filled(message.text, size, seed));
}

static _Noreturn void child(int id)
{
	receive(id, 0, 7, 0, 0);
	scenario_join();
	receive(id, 3, 3, 1, 2);
	_exit(0);
}

int main(void)
{
	int id = scenario_call(msgget(0x43510000 + (int)getpid(), IPC_CREAT | IPC_EXCL | 0640));
	int empty = scenario_call(msgget(IPC_PRIVATE, 0600));
	struct msqid_ds before, after;
	pid_t pid;

	send(id, 7, 0, 0);
	send(id, 9, 5000, 1);
	send(id, 3, 1, 2);
	send(id, 1, 0, 3);
	pid = scenario_fork();
	if (pid == 0)
		child(id);
	do {
		scenario_sleep_ms(1);
		scenario_call(msgctl(id, IPC_STAT, &before));
	} while (before.msg_lrpid == 0);
	scenario_checkpoint();
	scenario_call(msgctl(id, IPC_STAT, &after));
	scenario_check_equal(after.msg_perm.mode, before.msg_perm.mode);
	scenario_check_equal(after.msg_qbytes, before.msg_qbytes);
	scenario_check_equal(after.msg_lspid, getpid());
	scenario_reap(pid, 0);
	receive(id, 0, 9, 5000, 1);
	receive(id, 0, 1, 0, 3);
	scenario_call(msgctl(id, IPC_RMID, NULL));
	send(empty, 1, 10, 4);
	receive(empty, 0, 1, 10, 4);
	scenario_call(msgctl(empty, IPC_RMID, NULL));
	scenario_pass();
}
