/* SPDX-License-Identifier: MIT */
/* Resource limits. */
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "restorer/task/bad_image.h"
#include "restorer/task/task_restorer.h"

#define LIMITS_MAX 16
#define LIMIT_TEXT_SIZE 24

static const char *const limit_names[LIMITS_MAX] = {
	[RLIMIT_CPU] = "RLIMIT_CPU",           [RLIMIT_FSIZE] = "RLIMIT_FSIZE",
	[RLIMIT_DATA] = "RLIMIT_DATA",         [RLIMIT_STACK] = "RLIMIT_STACK",
	[RLIMIT_CORE] = "RLIMIT_CORE",         [RLIMIT_RSS] = "RLIMIT_RSS",
	[RLIMIT_NPROC] = "RLIMIT_NPROC",       [RLIMIT_NOFILE] = "RLIMIT_NOFILE",
	[RLIMIT_MEMLOCK] = "RLIMIT_MEMLOCK",   [RLIMIT_AS] = "RLIMIT_AS",
	[RLIMIT_LOCKS] = "RLIMIT_LOCKS",       [RLIMIT_SIGPENDING] = "RLIMIT_SIGPENDING",
	[RLIMIT_MSGQUEUE] = "RLIMIT_MSGQUEUE", [RLIMIT_NICE] = "RLIMIT_NICE",
	[RLIMIT_RTPRIO] = "RLIMIT_RTPRIO",     [RLIMIT_RTTIME] = "RLIMIT_RTTIME",
};

static const char *limit_text(uint64_t value, char *buffer)
{
	if (value == RLIM64_INFINITY)
		snprintf(buffer, LIMIT_TEXT_SIZE, "unlimited");
	else
		snprintf(buffer, LIMIT_TEXT_SIZE, "%llu", (unsigned long long)value);
	return buffer;
}

/* No capability lifts RLIMIT_NOFILE past fs.nr_open. */
static void descriptors_check(struct restore *restore, uint64_t hard)
{
	cleanup_free char *text = NULL;
	char wanted[LIMIT_TEXT_SIZE];

	if (file_read_at(AT_FDCWD, "/proc/sys/fs/nr_open", LIMIT_TEXT_SIZE, &text, NULL) < 0)
		return;
	if (hard > strtoull(text, NULL, 10))
		blockers_add(&restore->blockers,
			     "its hard limit RLIMIT_NOFILE is %s, and fs.nr_open of this host only %llu: "
			     "raise that with sysctl",
			     limit_text(hard, wanted), strtoull(text, NULL, 10));
}

static int limit_check(struct restore *restore, int resource, const Cr__ResourceLimit *image)
{
	char wanted[LIMIT_TEXT_SIZE], possible[LIMIT_TEXT_SIZE];
	struct rlimit64 own;

	if (image->soft > image->hard)
		return bad_image("soft limit %s is above its hard limit", limit_names[resource]);
	if (prlimit64(0, (enum __rlimit_resource)resource, NULL, &own) < 0)
		return log_error_errno(-errno, "cannot read the limit %s", limit_names[resource]);
	if (image->hard <= own.rlim_max)
		return 0;
	if (!kernel_features_has_cap(&restore->features, CAP_SYS_RESOURCE))
		blockers_add(&restore->blockers,
			     "its hard limit %s is %s, above the %s that cr-restore has itself: raise the "
			     "limit of the shell "
			     "that starts it, or run it with CAP_SYS_RESOURCE",
			     limit_names[resource], limit_text(image->hard, wanted),
			     limit_text(own.rlim_max, possible));
	else if (resource == RLIMIT_NOFILE)
		descriptors_check(restore, image->hard);
	return 0;
}

static int limits_check(struct restore *restore, const struct task *task)
{
	const Cr__Process *image = task->image;

	if (image->n_limits > LIMITS_MAX)
		return bad_image("there are %zu resource limits", image->n_limits);
	for (size_t i = 0; i < image->n_limits; i++) {
		int r = limit_check(restore, (int)i, image->limits[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

static int limits_process(struct restore *restore maybe_unused, struct task *task, struct batch *batch)
{
	const Cr__Process *image = task->image;
	int r = task_batch_room(&task->threads[0], LIMITS_MAX, LIMITS_MAX * sizeof(struct rlimit64),
				"its state");

	if (r < 0)
		return r;
	for (size_t i = 0; i < image->n_limits; i++) {
		struct rlimit64 wanted = {.rlim_cur = image->limits[i]->soft,
					  .rlim_max = image->limits[i]->hard};
		struct rlimit64 current;

		if (prlimit64(task->threads[0].puppet.tracee.tid, (enum __rlimit_resource)i, NULL,
			      &current) == 0 &&
		    current.rlim_cur == wanted.rlim_cur && current.rlim_max == wanted.rlim_max)
			continue;
		(void)batch_call(batch, SYS_prlimit64, 0, i, batch_data(batch, &wanted, sizeof(wanted)), 0);
	}
	return 0;
}

const struct task_restorer limits_task_restorer = {
	.name = "limits",
	.check = limits_check,
	.process = limits_process,
};
