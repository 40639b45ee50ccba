/* SPDX-License-Identifier: MIT */
/* What processes share with each other, found by kcmp(2). */
#include "dumper/sharing.h"

#include <errno.h>
#include <linux/kcmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"

static const int types[SHARED_COUNT] = {
	[SHARED_MEMORY] = KCMP_VM,
	[SHARED_FILES] = KCMP_FILES,
	[SHARED_FS] = KCMP_FS,
	[SHARED_HANDLERS] = KCMP_SIGHAND,
};

/* kcmp(2) puts what is not the same into an order, so that sorting brings equals together. */
struct sorting {
	const struct dump *dump;
	int type;
	int error;
};

/* kcmp(2) of two processes: -1, 0, 1. */
static int compare_resource(struct sorting *sorting, size_t left, size_t right)
{
	const struct process *processes = sorting->dump->processes;
	long r = syscall(SYS_kcmp, processes[left].threads[0].tracee.tid,
			 processes[right].threads[0].tracee.tid, sorting->type, 0, 0);

	if (r < 0)
		sorting->error = -errno;
	return r == 0 ? 0 : r == 1 ? -1 : 1;
}

/* The first of those that are the same comes first. */
static int compare(const void *left, const void *right, void *data)
{
	size_t a = *(const size_t *)left, b = *(const size_t *)right;
	int order = compare_resource(data, a, b);

	return order != 0 ? order : (a > b) - (a < b);
}

static int find_owners(struct dump *dump, size_t *order, size_t count, enum shared_resource resource)
{
	struct sorting sorting = {.dump = dump, .type = types[resource]};

	qsort_r(order, count, sizeof(*order), compare, &sorting);
	for (size_t i = 0; i < count && sorting.error == 0; i++) {
		bool is_shared = i > 0 && compare_resource(&sorting, order[i - 1], order[i]) == 0;

		dump->processes[order[i]].owners[resource] =
			is_shared ? dump->processes[order[i - 1]].owners[resource] : order[i];
	}
	return sorting.error;
}

int sharing_find(struct dump *dump)
{
	cleanup_free size_t *order = calloc(dump->processes_count, sizeof(*order));
	size_t count = 0;

	if (!order)
		return log_error_errno(-ENOMEM, "cannot compare the processes");
	for (size_t i = 0; i < dump->processes_count; i++) {
		for (size_t k = 0; k < SHARED_COUNT; k++)
			dump->processes[i].owners[k] = i;
		if (!dump->processes[i].is_zombie)
			order[count++] = i;
	}
	for (size_t i = 0; count > 1 && i < SHARED_COUNT; i++) {
		int r = find_owners(dump, order, count, i);

		if (r < 0)
			return log_error_errno(r, "cannot compare the processes (kcmp)");
	}
	return 0;
}

int sharing_renumber(struct dump *dump)
{
	size_t count = dump->processes_count;
	cleanup_free size_t *first = calloc(count, sizeof(*first)); /* by old owner: index + 1 */

	if (!first)
		return log_error_errno(-ENOMEM, "cannot put the processes in order");
	for (size_t k = 0; k < SHARED_COUNT; k++) {
		memset(first, 0, count * sizeof(*first));
		for (size_t i = 0; i < count; i++) {
			size_t *owner = &dump->processes[i].owners[k];

			if (first[*owner] == 0)
				first[*owner] = i + 1;
			*owner = first[*owner] - 1;
		}
	}
	return 0;
}
