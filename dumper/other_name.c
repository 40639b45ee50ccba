/* SPDX-License-Identifier: MIT */
/* Looks for another name of a file whose known one is gone. */
#include "dumper/other_name.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/proc/fdinfo.h"
#include "common/proc/proc_dir.h"
#include "common/vector.h"

/* Names to be looked at while the program stands still: half a second, when there is nothing to be found. */
#define NAMES_MAX 100000
/* The same, of names that have to be opened. */
#define NUMBERS_MAX 20000

struct search {
	const struct stat *st;
	dev_t device; /* of the directories to be searched; on overlayfs files may show another one */
	bool has_device;
	char **directories; /* still to be read, owned */
	size_t directories_count, directories_capacity;
	bool is_by_number; /* st_ino is what the kernel numbers the file by itself, not what stat(2) tells */
	int proc_fd;       /* of this process, then */
	size_t names_left;
	const char *without; /* has been searched with all that is below */
	char *found;         /* owned */
};

static void search_done(struct search *search)
{
	for (size_t i = 0; i < search->directories_count; i++)
		free(search->directories[i]);
	free(search->directories);
	free(search->found);
}

static int add_directory(struct search *search, const char *parent, const char *name)
{
	char **slot = vector_append(search, directories);

	if (!slot)
		return -ENOMEM;
	*slot = string_format("%s/%s", strcmp(parent, "/") == 0 ? "" : parent, name);
	if (!*slot) {
		search->directories_count--;
		return -ENOMEM;
	}
	if (search->without && strcmp(*slot, search->without) == 0) {
		free(*slot);
		search->directories_count--;
	}
	return 0;
}

static uint64_t mount_of(int fd)
{
	struct statx facts = {0};

	return statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &facts) < 0 ? 0 : facts.stx_mnt_id;
}

/* The kernel's number stands in fdinfo. */
static bool has_number(const struct search *search, int fd)
{
	cleanup_(fdinfo_done) struct fdinfo fdinfo = {0};

	return fdinfo_read(search->proc_fd, fd, &fdinfo) == 0 && fdinfo.has_inode &&
	       fdinfo.inode == search->st->st_ino;
}

static bool has_number_at(const struct search *search, int directory_fd, const char *name)
{
	cleanup_close int fd = openat(directory_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	return fd >= 0 && has_number(search, fd) && mount_of(fd) == mount_of(directory_fd);
}

static bool is_it(const struct search *search, int directory_fd, const char *name)
{
	struct stat st;

	if (search->is_by_number)
		return has_number_at(search, directory_fd, name);
	return fstatat(directory_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       st.st_dev == search->st->st_dev && st.st_ino == search->st->st_ino;
}

/* Directories that cannot be read, are gone by now or on another mount have nothing to say. */
static DIR *open_directory(struct search *search, const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NOATIME);
	DIR *directory = NULL;
	struct stat st;

	if (fd < 0 && errno == EPERM) /* O_NOATIME is for the owner only */
		fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && (!search->has_device || st.st_dev == search->device)) {
		search->device = st.st_dev;
		search->has_device = true;
		directory = fdopendir(fd);
	}
	if (!directory)
		close(fd);
	return directory;
}

static int read_directory(struct search *search, const char *path)
{
	cleanup_closedir DIR *directory = open_directory(search, path);
	struct dirent *entry;

	while (directory && search->names_left > 0 && (entry = readdir(directory))) {
		bool is_dots = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
		int r = 0;

		search->names_left--;
		if (!is_dots && entry->d_type == DT_DIR)
			r = add_directory(search, path, entry->d_name);
		if (r < 0)
			return r;
		if (is_dots || (!search->is_by_number && entry->d_ino != search->st->st_ino) ||
		    !is_it(search, dirfd(directory), entry->d_name))
			continue;
		search->found = string_format("%s/%s", strcmp(path, "/") == 0 ? "" : path, entry->d_name);
		return search->found ? 0 : -ENOMEM;
	}
	return 0;
}

/* Breadth first, so that what is near comes first. */
static int search_below(struct search *search, const char *path)
{
	int r = read_directory(search, path);

	for (size_t i = 0; r == 0 && !search->found && i < search->directories_count; i++)
		r = read_directory(search, search->directories[i]);
	for (size_t i = 0; i < search->directories_count; i++)
		free(search->directories[i]);
	search->directories_count = 0;
	return r;
}

/* From the directory that PATH lies in upwards. */
static int search_around(struct search *search, const char *path, char **ret_path)
{
	cleanup_free char *top = strdup(path), *searched = NULL;
	int r = top ? 0 : -ENOMEM;

	while (r == 0 && !search->found && search->names_left > 0 && strcmp(top, "/") != 0) {
		char *slash = strrchr(top, '/');

		free(searched);
		searched = strdup(top);
		if (!searched)
			return -ENOMEM;
		search->without = searched;
		slash[slash == top ? 1 : 0] = '\0';
		r = search_below(search, top);
	}
	search->without = NULL;
	if (r < 0)
		return r;
	if (!search->found)
		return -ENOENT;
	*ret_path = take_ptr(search->found);
	return 0;
}

int other_name_find(const char *path, const struct stat *st, char **ret_path)
{
	cleanup_(search_done) struct search search = {.st = st, .names_left = NAMES_MAX};

	return search_around(&search, path, ret_path);
}

int other_name_find_by_number(const char *directory, const struct stat *st, char **ret_path)
{
	cleanup_(search_done) struct search search = {
		.st = st,
		.device = st->st_dev,
		.has_device = true,
		.is_by_number = true,
		.names_left = NUMBERS_MAX,
	};
	cleanup_close int proc_fd = -EBADF,
			  fd = open(directory, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r = proc_open(getpid(), &proc_fd);

	if (fd < 0 || r < 0)
		return fd < 0 ? -errno : r;
	search.proc_fd = proc_fd;
	if (has_number(&search, fd))
		return (*ret_path = strdup(directory)) ? 0 : -ENOMEM;
	r = search_below(&search, directory);
	if (r < 0)
		return r;
	if (!search.found)
		return -ENOENT;
	*ret_path = take_ptr(search.found);
	return 0;
}
