/* SPDX-License-Identifier: MIT */
/* Processes that wait for a message of System V, and for room to send one, go on waiting. */
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

struct message {
	long type;
	char text[4096];
};

static _Noreturn void receiver(int id)
{
	struct message message;

	scenario_check_equal(msgrcv(id, &message, sizeof(message.text), 5, 0), 4);
	scenario_check(memcmp(message.text, "five", 4) == 0);
	_exit(0);
}

static _Noreturn void sender(int id)
{
	struct message message = {.type = 6};

	scenario_check_equal(msgsnd(id, &message, sizeof(message.text), 0), 0);
	_exit(0);
}

int main(void)
{
	int full = scenario_call(msgget(IPC_PRIVATE, 0600)), empty = scenario_call(msgget(IPC_PRIVATE, 0600));
	struct message message = {.type = 5};
	size_t count = 0;
	pid_t pids[2];

	while (msgsnd(full, &message, sizeof(message.text), IPC_NOWAIT) == 0)
		count++;
	pids[0] = scenario_fork();
	if (pids[0] == 0)
		receiver(empty);
	pids[1] = scenario_fork();
	if (pids[1] == 0)
		sender(full);
	scenario_wait_blocked(pids[0], SYS_msgrcv);
	scenario_wait_blocked(pids[1], SYS_msgsnd);
	scenario_checkpoint();
	memcpy(message.text, "five", 4);
	scenario_call(msgsnd(empty, &message, 4, 0));
	scenario_reap(pids[0], 0);
	scenario_check_equal(msgrcv(full, &message, sizeof(message.text), 0, IPC_NOWAIT),
			     sizeof(message.text));
	scenario_reap(pids[1], 0);
	while (count-- > 0)
		scenario_check_equal(msgrcv(full, &message, sizeof(message.text), 0, IPC_NOWAIT),
				     sizeof(message.text));
	scenario_check_equal(message.type, 6);
	scenario_call(msgctl(full, IPC_RMID, NULL));
	scenario_call(msgctl(empty, IPC_RMID, NULL));
	scenario_pass();
}
