/* SPDX-License-Identifier: MIT */
/* Credentials and seccomp filters of a thread. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/vector.h"
#include "dumper/task/task_dumper.h"
#include "dumper/task/thread_status.h"

/* The kernel allows 32,768 instructions for all filters of a thread, of which each counts 4 more. */
#define FILTERS_MAX 8192

enum { CALL_SECUREBITS };

static int copy_ids(struct arena *arena, const uint32_t *ids, size_t count, uint32_t **ret_ids,
		    size_t *ret_count)
{
	if (count == 0)
		return 0;
	*ret_ids = arena_copy(arena, ids, count * sizeof(*ids));
	if (!*ret_ids)
		return log_error_errno(-ENOMEM, "cannot keep its credentials");
	*ret_count = count;
	return 0;
}

static int credentials_fill(struct dump *dump, const struct status *status, Cr__Credentials *image)
{
	int r;

	r = copy_ids(&dump->arena, status->uids, ARRAY_SIZE(status->uids), &image->uids, &image->n_uids);
	if (r < 0)
		return r;
	r = copy_ids(&dump->arena, status->gids, ARRAY_SIZE(status->gids), &image->gids, &image->n_gids);
	if (r < 0)
		return r;
	r = copy_ids(&dump->arena, status->groups, status->groups_count, &image->groups, &image->n_groups);
	if (r < 0)
		return r;
	image->cap_inheritable = status->cap_inheritable;
	image->cap_permitted = status->cap_permitted;
	image->cap_effective = status->cap_effective;
	image->cap_bounding = status->cap_bounding;
	image->cap_ambient = status->cap_ambient;
	image->no_new_privs = status->no_new_privs;
	return 0;
}

/* True if the filter can return SECCOMP_RET_USER_NOTIF: then somebody may hold a listener for it. */
static bool filter_notifies(const struct sock_filter *filter, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (filter[i].code == (BPF_RET | BPF_K) &&
		    (filter[i].k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_USER_NOTIF)
			return true;
	return false;
}

/* Returns 1 with a filter, 0 when there is none left or a blocker was added. */
static int filter_read(struct dump *dump, const struct thread *thread, unsigned index,
		       Cr__SeccompFilter **ret_image)
{
	cleanup_free struct sock_filter *filter = NULL;
	Cr__SeccompFilter *image;
	uint64_t flags;
	size_t count;
	int r = tracee_get_seccomp_filter(&thread->tracee, index, &filter, &count, &flags);

	if (r == -ENOENT)
		return 0;
	if (r == -EACCES || r == -EPERM) {
		blockers_add(&dump->blockers,
			     "has seccomp filters, which only CAP_SYS_ADMIN (and a cr-dump without "
			     "seccomp filters of its own) can read: run cr-dump as root");
		return 0;
	}
	if (r == -EINVAL || r == -EIO || r == -EMEDIUMTYPE) {
		blockers_add(&dump->blockers, "seccomp filter %u cannot be read on this kernel (%s)", index,
			     strerror(-r));
		return 0;
	}
	if (r < 0)
		return log_error_errno(r, "cannot read seccomp filter %u", index);
	if (filter_notifies(filter, count))
		blockers_add(&dump->blockers,
			     "seccomp filter %u asks another process by user notification; its "
			     "listener cannot be preserved",
			     index);
	image = arena_new(&dump->arena, Cr__SeccompFilter);
	if (!image)
		return log_error_errno(-ENOMEM, "cannot keep seccomp filter %u", index);
	cr__seccomp_filter__init(image);
	image->flags = (uint32_t)flags;
	image->instructions = arena_bytes(&dump->arena, filter, count * sizeof(*filter));
	if (!image->instructions.data)
		return log_error_errno(-ENOMEM, "cannot keep seccomp filter %u", index);
	*ret_image = image;
	return 1;
}

/* The kernel counts them from the one installed first, whatever ptrace(2) says. */
static int filters_collect(struct dump *dump, struct thread *thread)
{
	struct {
		Cr__SeccompFilter **filters;
		size_t filters_count, filters_capacity;
	} list = {0};
	cleanup_free void *owned = NULL;
	Cr__Thread *image = thread->image;

	for (unsigned i = 0; i < FILTERS_MAX; i++) {
		Cr__SeccompFilter *filter = NULL, **slot;
		int r = filter_read(dump, thread, i, &filter);

		if (r < 0)
			return r;
		if (r == 0)
			break;
		slot = vector_append(&list, filters);
		owned = list.filters;
		if (!slot)
			return log_error_errno(-ENOMEM, "cannot keep its seccomp filters");
		*slot = filter;
	}
	if (list.filters_count == 0)
		return 0;
	image->seccomp_filters = arena_array(&dump->arena, Cr__SeccompFilter *, list.filters_count);
	if (!image->seccomp_filters)
		return log_error_errno(-ENOMEM, "cannot keep its seccomp filters");
	memcpy(image->seccomp_filters, list.filters, list.filters_count * sizeof(*list.filters));
	image->n_seccomp_filters = list.filters_count;
	return 0;
}

static int credentials_collect_thread(struct dump *dump, struct process *process, struct thread *thread)
{
	const struct status *status = thread_status(process, thread);
	Cr__Credentials *image;
	int r;

	if (!status)
		return -EIO;
	image = arena_new(&dump->arena, Cr__Credentials);
	if (!image)
		return log_error_errno(-ENOMEM, "cannot keep its credentials");
	cr__credentials__init(image);
	thread->image->credentials = image;
	r = credentials_fill(dump, status, image);
	if (r < 0)
		return r;
	thread->image->seccomp_mode = status->seccomp_mode;
	return status->seccomp_mode == SECCOMP_MODE_FILTER ? filters_collect(dump, thread) : 0;
}

static int credentials_ask(struct dump *dump maybe_unused, struct process *process maybe_unused,
			   struct thread *thread maybe_unused, struct batch *batch,
			   struct questions *questions)
{
	questions->calls[CALL_SECUREBITS] = batch_try(batch, SYS_prctl, PR_GET_SECUREBITS);
	return 0;
}

static int credentials_answer(struct dump *dump maybe_unused, struct process *process maybe_unused,
			      struct thread *thread, const struct batch *batch,
			      const struct questions *questions)
{
	int64_t result = batch_result(batch, questions->calls[CALL_SECUREBITS]);

	if (result < 0)
		return log_error_errno((int)result, "cannot ask for its securebits");
	thread->image->credentials->securebits = (uint32_t)result;
	return 0;
}

const struct task_dumper credentials_task_dumper = {
	.name = "credentials",
	.collect_thread = credentials_collect_thread,
	.ask = credentials_ask,
	.answer = credentials_answer,
};
