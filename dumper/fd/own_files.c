/* SPDX-License-Identifier: MIT */
/* Reads /proc/self/fd and fdinfo. */
#include "dumper/fd/own_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/file.h"
#include "common/proc/proc_dir.h"

#define TEXT_SIZE 4096

struct own_files {
	int proc_fd, links_fd; /* our folders of /proc, and "fd" in it */
	int fdinfo_fd;         /* the file of NUMBER: each read tells what has that number by then */
	int number;            /* -1: of none yet */
};

int own_files_new(struct own_files **ret_files)
{
	cleanup_(own_files_freep) struct own_files *files = malloc(sizeof(*files));
	int r;

	if (!files)
		return -ENOMEM;
	*files = (struct own_files){.proc_fd = -EBADF, .links_fd = -EBADF, .fdinfo_fd = -EBADF, .number = -1};
	r = proc_open(getpid(), &files->proc_fd);
	if (r < 0)
		return r;
	files->links_fd = openat(files->proc_fd, "fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (files->links_fd < 0)
		return -errno;
	*ret_files = take_ptr(files);
	return 0;
}

void own_files_free(struct own_files *files)
{
	if (!files)
		return;
	close_fd(&files->proc_fd);
	close_fd(&files->links_fd);
	close_fd(&files->fdinfo_fd);
	free(files);
}

static int open_fdinfo(struct own_files *files, int fd)
{
	char path[32];

	if (files->number == fd)
		return 0;
	close_fd(&files->fdinfo_fd);
	files->number = -1;
	snprintf(path, sizeof(path), "fdinfo/%d", fd);
	files->fdinfo_fd = openat(files->proc_fd, path, O_RDONLY | O_CLOEXEC);
	if (files->fdinfo_fd < 0)
		return -errno;
	files->number = fd;
	return 0;
}

int own_files_read(struct own_files *files, int fd, struct fdinfo *ret_fdinfo)
{
	int r = open_fdinfo(files, fd);
	char text[TEXT_SIZE];
	ssize_t size;

	if (r < 0)
		return r;
	size = pread(files->fdinfo_fd, text, sizeof(text), 0);
	if (size < 0)
		return -errno;
	return (size_t)size == sizeof(text) ? -E2BIG : fdinfo_parse(text, (size_t)size, ret_fdinfo);
}

int own_files_link(const struct own_files *files, int fd, char **ret_link)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", fd);
	return file_readlink_at(files->links_fd, name, ret_link);
}
