/* SPDX-License-Identifier: MIT */
/* Processor state that a program has to ask for: the permission, and room for what was in it. */
#include "common/arch/x86_64/xsave_permission.h"

#include <inttypes.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/arch/x86_64/registers.h"
#include "restorer/task/bad_image.h"
#include "restorer/task/task_restorer.h"

/* The bits of the state that XCR0 can name. */
#define FEATURES_MAX 63

static bool has_tiles(const Cr__Thread *thread)
{
	return xsave_features(thread->xsave.data, thread->xsave.len) >> XSAVE_FEATURE_TILES & 1;
}

static int xsave_permission_check(struct restore *restore, const struct task *task)
{
	uint64_t wanted = task->image->xsave_permission, supported = 0;

	for (size_t i = 0; i < task->image->n_threads; i++)
		if (has_tiles(task->image->threads[i]) && !(wanted >> XSAVE_FEATURE_TILES & 1))
			return bad_image("thread %d has tiles, for which it never asked",
					 task->image->threads[i]->tid);
	if (wanted == 0)
		return 0;
	if (wanted >> FEATURES_MAX)
		return bad_image("it has asked for the processor state 0x%" PRIx64, wanted);
	if (syscall(SYS_arch_prctl, ARCH_GET_XSAVE_SUPPORTED, &supported) < 0 || wanted & ~supported)
		blockers_add(&restore->blockers,
			     "has asked for processor state (ARCH_REQ_XCOMP_PERM, 0x%" PRIx64
			     ") that this processor, or its kernel, lacks%s; restore where it is",
			     wanted, wanted >> XSAVE_FEATURE_TILES & 1 ? ": AMX tiles" : "");
	return 0;
}

static int xsave_permission_process(struct restore *restore maybe_unused, struct task *task,
				    struct batch *batch)
{
	uint64_t wanted = task->image->xsave_permission;
	int r = task_batch_room(&task->threads[0], FEATURES_MAX, 0, "its state");

	for (uint64_t feature = 0; r == 0 && wanted >> feature != 0; feature++)
		if (wanted >> feature & 1)
			(void)batch_call(batch, SYS_arch_prctl, ARCH_REQUEST_XSAVE_PERMISSION, feature);
	return r;
}

static int xsave_permission_thread(struct restore *restore maybe_unused, struct task *task maybe_unused,
				   struct thread *thread, struct batch *batch maybe_unused)
{
	static const unsigned char code[] = TILES_CODE;
	int r;

	if (!has_tiles(thread->image))
		return 0;
	r = puppet_run(&thread->puppet, "its processor state");
	if (r < 0)
		return r;
	(void)puppet_batch(&thread->puppet);
	r = puppet_run_code(&thread->puppet, code, sizeof(code));
	return r < 0 ? log_error_errno(r, "cannot make room for its AMX tiles") : 0;
}

const struct task_restorer xsave_permission_task_restorer = {
	.name = "xsave permission",
	.check = xsave_permission_check,
	.process = xsave_permission_process,
	.thread = xsave_permission_thread,
};
