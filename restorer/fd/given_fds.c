/* SPDX-License-Identifier: MIT */
/* Descriptors that cr-restore was started with, and that the program is to have. */
#include "restorer/fd/given_fds.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "common/log.h"
#include "common/printable.h"

bool given_fd_suits(int fd, uint32_t wanted)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 &&
	       ((flags & O_ACCMODE) == O_RDWR || (flags & O_ACCMODE) == (int)(wanted & O_ACCMODE));
}

const struct given_fd *given_fds_find_key(const struct restore *restore, const struct external_key *key,
					  uint32_t flags)
{
	const struct restore_options *options = restore->options;
	const struct given_fd *found = NULL;

	for (size_t i = 0; i < options->given_fds_count; i++) {
		const struct given_fd *given = &options->given_fds[i];

		if (!given->has_key || !external_key_equals(&given->key, key))
			continue;
		if (given_fd_suits(given->fd, flags))
			return given;
		found = given;
	}
	return found;
}

const struct given_fd *given_fds_find_path(const struct restore *restore, const char *path)
{
	const struct restore_options *options = restore->options;

	for (size_t i = 0; path && i < options->given_fds_count; i++) {
		const struct given_fd *given = &options->given_fds[i];

		if (!given->has_key &&
		    strcmp(given->name, path[0] == '/' && given->name[0] != '/' ? path + 1 : path) == 0)
			return given;
	}
	return NULL;
}

int given_fd_take(int fd, int *ret_fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (copy < 0)
		return log_error_errno(-errno, "cannot take descriptor %d of cr-restore", fd);
	*ret_fd = copy;
	return 0;
}

static bool is_wanted(const struct restore *restore, const struct given_fd *given)
{
	for (size_t i = 0; i < restore->manifest->n_external_files; i++) {
		struct external_key key;

		if (given->has_key &&
		    external_key_parse(restore->manifest->external_files[i]->key, &key) == 0 &&
		    external_key_equals(&key, &given->key))
			return true;
	}
	for (size_t i = 0; !given->has_key && i < restore->objects_count; i++)
		if (given_fds_find_path(restore, restore->objects[i].path) == given)
			return true;
	return false;
}

void given_fds_check(struct restore *restore)
{
	for (size_t i = 0; i < restore->options->given_fds_count; i++) {
		const struct given_fd *given = &restore->options->given_fds[i];
		char name[PRINTABLE_SIZE];

		if (!is_wanted(restore, given))
			blockers_add(
				&restore->blockers,
				"--inherit-fd=fd[%d]:%s: the program had no such open file that could be "
				"replaced; --inspect shows which it had",
				given->fd, printable(given->name, name, sizeof(name)));
	}
}
