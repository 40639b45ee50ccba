/* SPDX-License-Identifier: MIT */
/* Seccomp: strict mode and filters. */
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "restorer/task/bad_image.h"
#include "restorer/task/task_restorer.h"

#define FILTERS_MAX 8192
#define FILTER_FLAGS (SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW)

static int filter_check(const Cr__SeccompFilter *filter)
{
	size_t size = filter->instructions.len;

	if (size == 0 || size % sizeof(struct sock_filter) != 0 ||
	    size / sizeof(struct sock_filter) > BPF_MAXINSNS)
		return bad_image("a seccomp filter has %zu bytes", size);
	if (filter->flags & ~(uint32_t)FILTER_FLAGS)
		return bad_image("a seccomp filter has flags 0x%x", filter->flags);
	return 0;
}

static int thread_check(const Cr__Thread *thread)
{
	if (thread->seccomp_mode > SECCOMP_MODE_FILTER || thread->n_seccomp_filters > FILTERS_MAX)
		return bad_image("it has seccomp mode %u and %zu filters", thread->seccomp_mode,
				 thread->n_seccomp_filters);
	if ((thread->seccomp_mode == SECCOMP_MODE_FILTER) != (thread->n_seccomp_filters > 0))
		return bad_image("its seccomp mode %u does not go with %zu filters", thread->seccomp_mode,
				 thread->n_seccomp_filters);
	for (size_t i = 0; i < thread->n_seccomp_filters; i++) {
		int r = filter_check(thread->seccomp_filters[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

/* The filters have to be suspended while we work (PTRACE_O_SUSPEND_SECCOMP). */
static void means_check(struct restore *restore, bool has_seccomp)
{
	bool is_confined = prctl(PR_GET_SECCOMP, 0, 0, 0, 0) > 0;

	if (has_seccomp && !kernel_features_has_cap(&restore->features, CAP_SYS_ADMIN))
		blockers_add(&restore->blockers,
			     "uses seccomp: only a cr-restore with CAP_SYS_ADMIN can restore that");
	else if (has_seccomp && is_confined)
		blockers_add(&restore->blockers,
			     "uses seccomp: a cr-restore that runs under a seccomp filter itself, as in many "
			     "containers, cannot restore that");
	else if (is_confined)
		log_notice("will run under the seccomp filter of cr-restore, which it had not before");
}

static int seccomp_check(struct restore *restore, const struct task *task)
{
	const Cr__Process *image = task->image;
	bool has_seccomp = false;

	for (size_t i = 0; i < image->n_threads; i++) {
		LOG_SCOPE("tid %d", image->threads[i]->tid);
		int r = thread_check(image->threads[i]);

		if (r < 0)
			return r;
		has_seccomp |= image->threads[i]->seccomp_mode != SECCOMP_MODE_DISABLED;
	}
	means_check(restore, has_seccomp);
	return 0;
}

static int filter_add(struct thread *thread, const Cr__SeccompFilter *filter, struct batch *batch)
{
	uint64_t instructions;
	struct sock_fprog program = {
		.len = (unsigned short)(filter->instructions.len / sizeof(struct sock_filter)),
	};
	int r = task_batch_room(thread, 1, filter->instructions.len + 2 * sizeof(program), "its state");

	if (r < 0)
		return r;
	instructions = batch_data(batch, filter->instructions.data, filter->instructions.len);
	program.filter = (struct sock_filter *)(uintptr_t)instructions;
	(void)batch_call(batch, SYS_seccomp, SECCOMP_SET_MODE_FILTER, filter->flags,
			 batch_data(batch, &program, sizeof(program)));
	return 0;
}

static int seccomp_thread(struct restore *restore maybe_unused, struct task *task maybe_unused,
			  struct thread *thread, struct batch *batch)
{
	const Cr__Thread *image = thread->image;
	int r = task_batch_room(thread, 1, 0, "its state");

	if (r < 0)
		return r;
	if (image->seccomp_mode == SECCOMP_MODE_STRICT)
		(void)batch_call(batch, SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
	for (size_t i = 0; i < image->n_seccomp_filters; i++) {
		r = filter_add(thread, image->seccomp_filters[i], batch);
		if (r < 0)
			return r;
	}
	return 0;
}

const struct task_restorer seccomp_task_restorer = {
	.name = "seccomp",
	.check = seccomp_check,
	.thread = seccomp_thread,
};
