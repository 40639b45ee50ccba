/* SPDX-License-Identifier: MIT */
/* The processes of a tree, from /proc. */
#include "process_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/proc/proc_dir.h"
#include "common/vector.h"

#define FILE_LIMIT (1UL << 20)

struct numbers {
	int *values;
	size_t values_count, values_capacity;
};

static void numbers_done(struct numbers *numbers)
{
	free(numbers->values);
}

static int append(struct numbers *numbers, int number)
{
	int *slot = vector_append(numbers, values);

	if (!slot)
		return -ENOMEM;
	*slot = number;
	return 0;
}

static int compare(const void *left, const void *right)
{
	const int *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

static void hand_over(struct numbers *numbers, int **ret_numbers, size_t *ret_count)
{
	if (numbers->values_count > 0)
		qsort(numbers->values, numbers->values_count, sizeof(int), compare);
	*ret_count = numbers->values_count;
	*ret_numbers = take_ptr(numbers->values);
}

static int append_children_of_thread(struct numbers *numbers, pid_t pid, int tid)
{
	cleanup_free char *path = string_format("/proc/%d/task/%d/children", (int)pid, tid);
	cleanup_free char *text = NULL;
	char *save, *word;
	int r;

	if (!path)
		return -ENOMEM;
	if (file_read_at(AT_FDCWD, path, FILE_LIMIT, &text, NULL) < 0)
		return 0; /* it has ended meanwhile */
	for (word = strtok_r(text, " \n", &save); word; word = strtok_r(NULL, " \n", &save)) {
		r = append(numbers, atoi(word));
		if (r < 0)
			return r;
	}
	return 0;
}

static int append_children(struct numbers *numbers, pid_t pid)
{
	cleanup_free char *path = string_format("/proc/%d/task", (int)pid);
	cleanup_free int *tids = NULL;
	size_t count;
	int r = path ? proc_list_numbers(AT_FDCWD, path, &tids, &count) : -ENOMEM;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = append_children_of_thread(numbers, pid, tids[i]);
	return r == -ENOENT || r == -ESRCH ? 0 : r;
}

int process_children(pid_t pid, pid_t **ret_pids, size_t *ret_count)
{
	cleanup_(numbers_done) struct numbers numbers = {0};
	int r = append_children(&numbers, pid);

	if (r < 0)
		return r;
	hand_over(&numbers, ret_pids, ret_count);
	return 0;
}

int process_tree_list(pid_t root, pid_t **ret_pids, size_t *ret_count)
{
	cleanup_(numbers_done) struct numbers numbers = {0};
	int r = append(&numbers, root);

	for (size_t i = 0; r == 0 && i < numbers.values_count; i++)
		r = append_children(&numbers, numbers.values[i]);
	if (r < 0)
		return r;
	hand_over(&numbers, ret_pids, ret_count);
	return 0;
}
