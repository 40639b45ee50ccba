/* SPDX-License-Identifier: MIT */
/* Looks for another name of a file whose known one is gone. */
#include "dumper/other_name.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/vector.h"

/* Names to be looked at while the program stands still: half a second, when there is nothing to be found. */
#define NAMES_MAX 100000

struct search {
	const struct stat *st;
	dev_t device; /* of the directories to be searched; on overlayfs files may show another one */
	bool has_device;
	char **directories; /* still to be read, owned */
	size_t directories_count, directories_capacity;
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

static bool is_it(const struct search *search, int directory_fd, const char *name)
{
	struct stat st;

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
		if (entry->d_ino != search->st->st_ino || !is_it(search, dirfd(directory), entry->d_name))
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

int other_name_find(const char *path, const struct stat *st, char **ret_path)
{
	cleanup_(search_done) struct search search = {.st = st, .names_left = NAMES_MAX};
	cleanup_free char *top = strdup(path), *searched = NULL;
	int r = top ? 0 : -ENOMEM;

	while (r == 0 && !search.found && search.names_left > 0 && strcmp(top, "/") != 0) {
		char *slash = strrchr(top, '/');

		free(searched);
		searched = strdup(top);
		if (!searched)
			return -ENOMEM;
		search.without = searched;
		slash[slash == top ? 1 : 0] = '\0';
		r = search_below(&search, top);
	}
	if (r < 0)
		return r;
	if (!search.found)
		return -ENOENT;
	*ret_path = take_ptr(search.found);
	return 0;
}
