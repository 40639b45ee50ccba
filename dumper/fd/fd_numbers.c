/* SPDX-License-Identifier: MIT */
/* Finds the numbers of descriptors. */
#include "dumper/fd/fd_numbers.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/proc/proc_dir.h"

/* To try a number that is none takes an eighth of what it takes to have one listed. */
#define GUESSES_AN_OPEN_ONE 4

void fd_numbers_done(struct fd_numbers *numbers)
{
	free(numbers->numbers);
	*numbers = (struct fd_numbers){0};
}

/* The size of the folder is how many are open, since Linux 6.2; 0: not told. */
static size_t count_open(const struct process *process)
{
	struct stat folder;

	return fstatat(process->proc_fd, "fd", &folder, 0) < 0 ? 0 : (size_t)folder.st_size;
}

int fd_numbers_read(const struct process *process, struct fd_numbers *ret)
{
	size_t open_count = count_open(process), table_size = process->status.fd_table_size;
	int r;

	*ret = (struct fd_numbers){0};
	if (open_count == 0 || table_size / GUESSES_AN_OPEN_ONE > open_count) {
		r = proc_list_numbers(process->proc_fd, "fd", &ret->numbers, &ret->count);
		ret->open_count = ret->count;
		return r;
	}
	/* Most numbers that its table has room for are open: listing would make the kernel build a file of
	 * /proc for each. */
	ret->numbers = calloc(table_size, sizeof(*ret->numbers));
	if (!ret->numbers)
		return -ENOMEM;
	for (size_t i = 0; i < table_size; i++)
		ret->numbers[i] = (int)i;
	ret->count = table_size;
	ret->open_count = open_count;
	ret->are_guessed = true;
	return 0;
}

/* A number can be taken and lead nowhere: by a worker of an io_uring that waits in open(2). */
int fd_numbers_check(const struct process *process, const struct fd_numbers *numbers, size_t found_count)
{
	cleanup_free int *listed = NULL;
	size_t count = 0;
	int r;

	if (found_count == numbers->open_count)
		return 0;
	r = proc_list_numbers(process->proc_fd, "fd", &listed, &count);
	return r < 0 ? r : count == found_count ? 0 : -EIO;
}
