/* SPDX-License-Identifier: MIT */
/* Empty keyrings of a thread and of its process, and where requested keys go. */
#include <errno.h>
#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "restorer/task/bad_image.h"
#include "restorer/task/task_restorer.h"

#define CALLS_MAX 3

static bool needs_keys(const Cr__Thread *thread)
{
	return thread->has_thread_keyring || thread->has_process_keyring || thread->request_key_default != 0;
}

static int keyrings_check(struct restore *restore, const struct task *task)
{
	for (size_t i = 0; i < task->image->n_threads; i++) {
		const Cr__Thread *thread = task->image->threads[i];

		if (thread->request_key_default > KEY_REQKEY_DEFL_REQUESTOR_KEYRING)
			return bad_image("thread %d has keys go to a keyring of kind %u", thread->tid,
					 thread->request_key_default);
		if (needs_keys(thread) &&
		    syscall(SYS_keyctl, KEYCTL_SET_REQKEY_KEYRING, KEY_REQKEY_DEFL_NO_CHANGE) < 0)
			blockers_add(&restore->blockers,
				     "has keyrings (keyrings(7)), which this kernel lacks");
	}
	return 0;
}

static void add_keyring(struct batch *batch, int32_t keyring)
{
	const uint64_t create = 1;

	(void)batch_call(batch, SYS_keyctl, KEYCTL_GET_KEYRING_ID, (uint64_t)(int64_t)keyring, create);
}

static int keyrings_thread(struct restore *restore maybe_unused, struct task *task maybe_unused,
			   struct thread *thread, struct batch *batch)
{
	const Cr__Thread *image = thread->image;
	int r = needs_keys(image) ? task_batch_room(thread, CALLS_MAX, 0, "its keyrings") : 0;

	if (r < 0)
		return r;
	if (image->has_thread_keyring)
		add_keyring(batch, KEY_SPEC_THREAD_KEYRING);
	if (image->has_process_keyring)
		add_keyring(batch, KEY_SPEC_PROCESS_KEYRING);
	if (image->request_key_default != 0)
		(void)batch_call(batch, SYS_keyctl, KEYCTL_SET_REQKEY_KEYRING, image->request_key_default);
	return 0;
}

const struct task_restorer keyrings_task_restorer = {
	.name = "keyrings",
	.check = keyrings_check,
	.thread = keyrings_thread,
};
