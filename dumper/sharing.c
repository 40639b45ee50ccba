/* SPDX-License-Identifier: MIT */
/* What processes share with each other, found by kcmp(2). */
#include "dumper/sharing.h"

#include <errno.h>
#include <linux/kcmp.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"

static const struct {
	int type;
	const char *what;
} resources[] = {
	{KCMP_VM, "its memory (CLONE_VM)"},
	{KCMP_FILES, "its table of descriptors (CLONE_FILES)"},
	{KCMP_FS, "its working directory, root and umask (CLONE_FS)"},
	{KCMP_SIGHAND, "its signal handlers (CLONE_SIGHAND)"},
};

/* kcmp(2) puts what is not the same into an order, so that sorting brings equals together. */
struct sorting {
	const struct dump *dump;
	int type;
	int error;
};

static int compare(const void *left, const void *right, void *data)
{
	struct sorting *sorting = data;
	const struct process *processes = sorting->dump->processes;
	long r = syscall(SYS_kcmp, processes[*(const size_t *)left].threads[0].tracee.tid,
			 processes[*(const size_t *)right].threads[0].tracee.tid, sorting->type, 0, 0);

	if (r < 0)
		sorting->error = -errno;
	return r == 0 ? 0 : r == 1 ? -1 : 1;
}

static int check_resource(struct dump *dump, size_t *order, size_t count, size_t resource)
{
	struct sorting sorting = {.dump = dump, .type = resources[resource].type};

	qsort_r(order, count, sizeof(*order), compare, &sorting);
	for (size_t i = 1; i < count && sorting.error == 0; i++) {
		const struct process *process = &dump->processes[order[i]];

		if (compare(&order[i - 1], &order[i], &sorting) != 0)
			continue;
		LOG_SCOPE("pid %d (%s)", (int)process->pidref.pid, process->status.name);
		blockers_add(&dump->blockers, "shares %s with process %d, which cannot be preserved yet",
			     resources[resource].what, (int)dump->processes[order[i - 1]].pidref.pid);
	}
	return sorting.error;
}

int sharing_check(struct dump *dump)
{
	cleanup_free size_t *order = calloc(dump->processes_count, sizeof(*order));
	size_t count = 0;

	if (!order)
		return log_error_errno(-ENOMEM, "cannot compare the processes");
	for (size_t i = 0; i < dump->processes_count; i++)
		if (!dump->processes[i].is_zombie)
			order[count++] = i;
	for (size_t i = 0; count > 1 && i < ARRAY_SIZE(resources); i++) {
		int r = check_resource(dump, order, count, i);

		if (r < 0)
			return log_error_errno(r, "cannot compare the processes (kcmp)");
	}
	return 0;
}
