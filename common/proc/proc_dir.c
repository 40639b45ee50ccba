/* SPDX-License-Identifier: MIT */
/* The directories of /proc. */
#include "common/proc/proc_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/proc/cursor.h"
#include "common/vector.h"

#define STATUS_TEXT_MAX (1 << 20)
#define LABEL_SIZE_MAX 4096

/* NSpid tells the numbers of a process from the namespace of that /proc down to its own (proc(5)). */
static bool counts_like_us(const char *status)
{
	static const char key[] = "\nNSpid:\t";
	const char *line = strstr(status, key);

	if (!line)
		return true; /* a kernel without pid namespaces */
	line += strlen(key);
	return line[strcspn(line, "\t\n")] == '\n' && atoi(line) == getpid();
}

enum proc_mount proc_mount_check(void)
{
	cleanup_free char *status = NULL;
	int r = file_read_at(AT_FDCWD, "/proc/self/status", STATUS_TEXT_MAX, &status, NULL);

	/* Whatever else is in the way, such as a limit, is told by who needs the file. */
	if (r < 0)
		return r == -ENOENT || r == -ENOTDIR ? PROC_MOUNT_MISSING : PROC_MOUNT_USABLE;
	if (!counts_like_us(status))
		return PROC_MOUNT_OTHER_PIDS;
	return access("/proc/version", F_OK) < 0 ? PROC_MOUNT_ONLY_PIDS : PROC_MOUNT_USABLE;
}

const char *proc_mount_problem(enum proc_mount mount)
{
	switch (mount) {
	case PROC_MOUNT_MISSING:
		return "there is no /proc of this pid namespace: mount it (mount -t proc proc /proc)";
	case PROC_MOUNT_OTHER_PIDS:
		return "/proc is that of another pid namespace, in which processes have other numbers: "
		       "mount one of this (mount -t proc proc /proc), or start this command outside";
	case PROC_MOUNT_ONLY_PIDS:
		return "/proc was mounted with subset=pid and lacks what is needed to know of the system: "
		       "mount a whole one (mount -t proc proc /proc)";
	case PROC_MOUNT_USABLE:
		break;
	}
	return NULL;
}

static int open_directory(int directory_fd, const char *path, int *ret_fd)
{
	int fd = openat(directory_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	*ret_fd = fd;
	return 0;
}

int proc_open(pid_t pid, int *ret_fd)
{
	char path[32];

	if (pid <= 0)
		return -ESRCH;
	snprintf(path, sizeof(path), "/proc/%d", pid);
	return open_directory(AT_FDCWD, path, ret_fd);
}

int proc_open_thread(int proc_fd, pid_t tid, int *ret_fd)
{
	char path[32];

	if (tid <= 0)
		return -ESRCH;
	snprintf(path, sizeof(path), "task/%d", tid);
	return open_directory(proc_fd, path, ret_fd);
}

int proc_list_threads(int proc_fd, pid_t **ret_tids, size_t *ret_count)
{
	return proc_list_numbers(proc_fd, "task", ret_tids, ret_count);
}

static int compare_numbers(const void *left, const void *right)
{
	int a = *(const int *)left, b = *(const int *)right;

	return (a > b) - (a < b);
}

struct number_list {
	int *numbers;
	size_t numbers_count;
	size_t numbers_capacity;
};

static void number_list_done(struct number_list *list)
{
	free(list->numbers);
}

static int number_list_add(struct number_list *list, const char *name)
{
	struct cursor cursor = CURSOR(name, strlen(name));
	int32_t value;
	int *number;

	if (*name < '0' || *name > '9' || cursor_i32(&cursor, &value) < 0 || !cursor_is_empty(&cursor))
		return 0;
	number = vector_append(list, numbers);
	if (!number)
		return -ENOMEM;
	*number = value;
	return 0;
}

int proc_list_numbers(int directory_fd, const char *path, int **ret_numbers, size_t *ret_count)
{
	cleanup_(number_list_done) struct number_list list = {0};
	cleanup_closedir DIR *directory = NULL;
	int fd, r;

	fd = openat(directory_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	directory = fdopendir(fd);
	if (!directory) {
		r = -errno;
		close_fd(&fd);
		return r;
	}
	r = vector_reserve((void **)&list.numbers, &list.numbers_capacity, 1, sizeof(*list.numbers));
	if (r < 0)
		return r;
	for (;;) {
		const struct dirent *entry;

		errno = 0;
		entry = readdir(directory);
		if (!entry && errno != 0)
			return -errno;
		if (!entry)
			break;
		r = number_list_add(&list, entry->d_name);
		if (r < 0)
			return r;
	}
	qsort(list.numbers, list.numbers_count, sizeof(*list.numbers), compare_numbers);
	*ret_count = list.numbers_count;
	*ret_numbers = take_ptr(list.numbers);
	return 0;
}

char *proc_read_label(int proc_fd)
{
	char *label = NULL;

	if (file_read_at(proc_fd, "attr/current", LABEL_SIZE_MAX, &label, NULL) < 0)
		return NULL;
	label[strcspn(label, "\n")] = '\0';
	return label;
}

int proc_read_comm(int proc_fd, char ret_comm[PROC_COMM_SIZE])
{
	cleanup_free char *text = NULL;
	size_t size;
	int r;

	r = file_read_at(proc_fd, "comm", 4096, &text, &size);
	if (r < 0)
		return r;
	if (size > 0 && text[size - 1] == '\n')
		size--;
	return cursor_copy(&CURSOR(text, size), ret_comm, PROC_COMM_SIZE);
}
