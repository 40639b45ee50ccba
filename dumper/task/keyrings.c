/* SPDX-License-Identifier: MIT */
/*
 * Keyrings of a thread and of its process (keyrings(7)): whether there are any, and that they are empty. That
 * of the session is not asked for, since the kernel gives a thread one when it asks and has none.
 */
#include <errno.h>
#include <linux/keyctl.h>
#include <sys/syscall.h>

#include "common/log.h"
#include "dumper/task/task_dumper.h"

enum { CALL_THREAD_KEYRING, CALL_PROCESS_KEYRING, CALL_DEFAULT };

/* How many bytes the list of its keys takes, which makes no keyring where there is none. */
static unsigned list_ask(struct batch *batch, int32_t keyring)
{
	return batch_try(batch, SYS_keyctl, KEYCTL_READ, (uint64_t)(int64_t)keyring, 0, 0);
}

static int keyrings_ask(struct dump *dump maybe_unused, struct process *process maybe_unused,
			struct thread *thread maybe_unused, struct batch *batch, struct questions *questions)
{
	questions->calls[CALL_THREAD_KEYRING] = list_ask(batch, KEY_SPEC_THREAD_KEYRING);
	questions->calls[CALL_PROCESS_KEYRING] = list_ask(batch, KEY_SPEC_PROCESS_KEYRING);
	questions->calls[CALL_DEFAULT] =
		batch_try(batch, SYS_keyctl, KEYCTL_SET_REQKEY_KEYRING, (uint64_t)KEY_REQKEY_DEFL_NO_CHANGE);
	return 0;
}

/* -ENOKEY: there is none; -ENOSYS, -EOPNOTSUPP: the kernel has no keys. Any other error: it is there. */
static bool has_keyring(int64_t result)
{
	return result != -ENOKEY && result != -ENOSYS && result != -EOPNOTSUPP;
}

static void keyring_check(struct dump *dump, int64_t result, const char *what)
{
	if (!has_keyring(result) || result == 0)
		return;
	if (result > 0)
		blockers_add(&dump->blockers,
			     "has keys in its %s keyring (keyrings(7); %lld), which cannot be preserved yet: "
			     "let it revoke them, or keep them in the keyring of its session",
			     what, (long long)result / (long long)sizeof(int32_t));
	else
		blockers_add(&dump->blockers,
			     "has a %s keyring that it may not read itself (keyrings(7)), which cannot be "
			     "preserved yet: let it revoke that",
			     what);
}

static int keyrings_answer(struct dump *dump, struct process *process, struct thread *thread,
			   const struct batch *batch, const struct questions *questions)
{
	int64_t of_thread = batch_result(batch, questions->calls[CALL_THREAD_KEYRING]);
	int64_t of_process = batch_result(batch, questions->calls[CALL_PROCESS_KEYRING]);
	int64_t destination = batch_result(batch, questions->calls[CALL_DEFAULT]);

	keyring_check(dump, of_thread, "thread");
	keyring_check(dump, of_process, "process");
	if (of_process == 0 && process->threads_count > 1)
		blockers_add(&dump->blockers,
			     "has a process keyring (keyrings(7)) and several threads, which cannot be "
			     "preserved yet: let it keep its keys in the keyring of its session");
	thread->image->has_thread_keyring = has_keyring(of_thread);
	thread->image->has_process_keyring = has_keyring(of_process);
	thread->image->request_key_default = destination > 0 ? (uint32_t)destination : 0;
	return 0;
}

const struct task_dumper keyrings_task_dumper = {
	.name = "keyrings",
	.ask = keyrings_ask,
	.answer = keyrings_answer,
};
