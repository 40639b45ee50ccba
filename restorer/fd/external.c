/* SPDX-License-Identifier: MIT */
/*
 * Open files that led out of what was dumped: what the user gives instead, or what the program would have if
 * the other end had been closed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/printable.h"
#include "format/fd/external.h"
#include "restorer/fd/fd_restorer.h"
#include "restorer/fd/given_fds.h"

extern const struct fd_restorer external_fd_restorer;

static const Cr__External *entry_of(const struct object *object)
{
	return (const Cr__External *)object->entry;
}

static struct external_key key_of(const struct object *object)
{
	struct external_key key = {0};

	(void)!external_key_parse(entry_of(object)->key, &key); /* it has been checked */
	return key;
}

static int external_read(struct restore *restore maybe_unused, struct object *object, const char **ret_reason)
{
	return external_check(object->image, entry_of(object), ret_reason);
}

/* A person has seen what the manifest says. */
static const Cr__ExternalFile *find_record(const struct restore *restore, const struct object *object)
{
	for (size_t i = 0; i < restore->manifest->n_external_files; i++) {
		const Cr__ExternalFile *record = restore->manifest->external_files[i];
		struct external_key key, own = key_of(object);

		if (external_key_parse(record->key, &key) == 0 && external_key_equals(&key, &own) &&
		    record->standard == entry_of(object)->standard)
			return record;
	}
	return NULL;
}

static int external_plan(struct restore *restore, struct object *object)
{
	if (find_record(restore, object))
		return 0;
	log_error("bad archive: open file %u, which led outside, does not stand in the manifest",
		  object->image->id);
	return -EBADMSG;
}

/* Which of our own standard descriptors it becomes; -1: none does. */
static int find_standard(const struct restore *restore, const struct object *object)
{
	static const int numbers[] = {STDOUT_FILENO, STDERR_FILENO, STDIN_FILENO};
	uint32_t standard =
		restore->options->standard_fds == STANDARD_FDS_INHERITED ? entry_of(object)->standard : 0;
	int found = -1;

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (!(standard & 1U << numbers[i]))
			continue;
		if (given_fd_suits(numbers[i], object->image->flags))
			return numbers[i];
		found = numbers[i];
	}
	return found;
}

/* -1: nothing is given for it. */
static int find_given(const struct restore *restore, const struct object *object)
{
	struct external_key key = key_of(object);
	const struct given_fd *given = given_fds_find_key(restore, &key, object->image->flags);

	return given ? given->fd : find_standard(restore, object);
}

static bool is_of_same_sort(const struct object *object, int fd)
{
	struct stat st;

	return entry_of(object)->type != S_IFSOCK || (fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode));
}

static void check_given(struct restore *restore, const struct object *object, const char *what, int fd)
{
	static const char *const uses[] = {"read from", "written to", "read from and written to"};
	uint32_t access = object->image->flags & O_ACCMODE;

	if (fd == STDIN_FILENO && strcmp(restore->options->input, "-") == 0)
		blockers_add(&restore->blockers,
			     "%s is to become descriptor %d of cr-restore, of which the archive is read: "
			     "give it as a "
			     "file (-i)",
			     what, fd);
	else if (!given_fd_suits(fd, object->image->flags))
		blockers_add(
			&restore->blockers,
			"%s is to become descriptor %d of cr-restore, which cannot be %s: give one that can",
			what, fd, uses[access]);
	else if (!is_of_same_sort(object, fd))
		blockers_add(&restore->blockers,
			     "%s is to become descriptor %d of cr-restore, which is no socket: give one",
			     what, fd);
}

static void check_object(struct restore *restore, const struct object *object)
{
	const Cr__ExternalFile *record = find_record(restore, object);
	char place[64], description[PRINTABLE_SIZE], what[PRINTABLE_SIZE + 128];
	int fd = find_given(restore, object);

	object_place(restore, object, place, sizeof(place));
	snprintf(what, sizeof(what), "%s, %s (%s)", place,
		 printable(record->description, description, sizeof(description)), entry_of(object)->key);
	if (fd >= 0)
		check_given(restore, object, what, fd);
	else if (entry_of(object)->standard != 0)
		blockers_add(&restore->blockers,
			     "%s led outside and was dumped with --stdio=inherit: give that here as well, or "
			     "--inherit-fd=fd[N]:%s",
			     what, entry_of(object)->key);
	else if (!record->can_be_closed ||
		 (entry_of(object)->type != S_IFSOCK && entry_of(object)->type != S_IFIFO))
		blockers_add(&restore->blockers,
			     "%s led outside: give a descriptor that is to be used instead, "
			     "--inherit-fd=fd[N]:%s",
			     what, entry_of(object)->key);
	else
		log_notice("%s led outside, and nothing is given for it (--inherit-fd=fd[N]:%s): it will be "
			   "as if its "
			   "other end had been closed",
			   what, entry_of(object)->key);
}

static int external_preflight(struct restore *restore)
{
	for (size_t i = 0; i < restore->objects_count; i++)
		if (restore->objects[i].kind == &external_fd_restorer)
			check_object(restore, &restore->objects[i]);
	given_fds_check(restore);
	return 0;
}

static int open_closed_socket(const struct object *object, int *ret_fd)
{
	cleanup_close int other = -EBADF;
	int fds[2];

	if (socketpair(AF_UNIX, (int)entry_of(object)->socket_type | SOCK_CLOEXEC, 0, fds) < 0)
		return log_error_errno(-errno, "cannot make a unix socket");
	*ret_fd = fds[0];
	other = fds[1];
	return 0;
}

static int open_closed_pipe(const struct object *object, int *ret_fd)
{
	cleanup_close int read_fd = -EBADF, write_fd = -EBADF;
	uint32_t access = object->image->flags & O_ACCMODE;
	char link[32];
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return log_error_errno(-errno, "cannot make a pipe");
	read_fd = fds[0];
	write_fd = fds[1];
	if (access == O_RDWR) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", read_fd);
		*ret_fd = open(link, O_RDWR | O_CLOEXEC);
		return *ret_fd < 0 ? log_error_errno(-errno, "cannot open a pipe") : 0;
	}
	*ret_fd = take_fd(access == O_RDONLY ? &read_fd : &write_fd);
	return 0;
}

static int external_open(struct restore *restore, const struct object *object, int *ret_fd)
{
	int fd = find_given(restore, object);

	if (fd >= 0)
		return given_fd_take(fd, ret_fd);
	return entry_of(object)->type == S_IFSOCK ? open_closed_socket(object, ret_fd)
						  : open_closed_pipe(object, ret_fd);
}

const struct fd_restorer external_fd_restorer = {
	.name = "external",
	.read = external_read,
	.plan = external_plan,
	.preflight = external_preflight,
	.open = external_open,
};
