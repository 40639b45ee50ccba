/* SPDX-License-Identifier: MIT */
/* Output under a temporary name, and input. */
#include "format/archive_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/log.h"

struct archive_file {
	char *name;         /* for messages */
	int fd;             /* what is written */
	int directory_fd;   /* empty if there is no name to give at the end */
	char *final_name;   /* in that directory */
	char *partial_name; /* in that directory */
	bool has_partial;   /* partial_name exists, and is ours */
};

static int out_of_memory(const char *name)
{
	return log_error_errno(-ENOMEM, "cannot write '%s'", name);
}

static struct archive_file *file_new(const char *name)
{
	struct archive_file *file = calloc(1, sizeof(*file));

	if (!file)
		return NULL;
	file->fd = -EBADF;
	file->directory_fd = -EBADF;
	file->name = strdup(name);
	if (!file->name)
		archive_file_free(take_ptr(file));
	return file;
}

void archive_file_free(struct archive_file *file)
{
	if (!file)
		return;
	if (file->has_partial)
		unlinkat(file->directory_fd, file->partial_name, 0);
	close_fd(&file->fd);
	close_fd(&file->directory_fd);
	free(file->partial_name);
	free(file->final_name);
	free(file->name);
	free(file);
}

/* Splits PATH into file->directory_fd and file->final_name. */
static int open_directory(struct archive_file *file, const char *path)
{
	cleanup_free char *directory = strdup(path);
	char *slash;

	if (!directory)
		return out_of_memory(file->name);
	slash = strrchr(directory, '/');
	file->final_name = strdup(slash ? slash + 1 : path);
	if (!file->final_name)
		return out_of_memory(file->name);
	if (file->final_name[0] == '\0')
		return log_error_errno(*path ? -EISDIR : -ENOENT, "cannot write '%s'", file->name);
	if (slash)
		slash[slash == directory ? 1 : 0] = '\0';
	file->directory_fd = open(slash ? directory : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (file->directory_fd < 0)
		return log_error_errno(-errno, "cannot write '%s': its directory", file->name);
	return 0;
}

/* A file without a name; falls back to one with the partial name. */
static int create_partial(struct archive_file *file)
{
	/* Cut short: with the rest of the name this must fit into NAME_MAX. */
	file->partial_name = string_format(".%.200s.%d.partial", file->final_name, (int)getpid());
	if (!file->partial_name)
		return out_of_memory(file->name);
	if (strlen(file->final_name) > NAME_MAX)
		return log_error_errno(-ENAMETOOLONG, "cannot write '%s'", file->name);
	file->fd = openat(file->directory_fd, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	if (file->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL || errno == ENOENT)) {
		/* One that is there was left by a process of the same number that was killed. */
		unlinkat(file->directory_fd, file->partial_name, 0);
		file->fd = openat(file->directory_fd, file->partial_name,
				  O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
		file->has_partial = file->fd >= 0;
	}
	if (file->fd < 0)
		return log_error_errno(-errno, "cannot write '%s'", file->name);
	if (fchmod(file->fd, 0600) < 0)
		return log_error_errno(-errno, "cannot write '%s': its mode", file->name);
	return 0;
}

static int refuse_terminal(const char *name, int fd)
{
	if (!isatty(fd))
		return 0;
	log_error("'%s' is a terminal; an archive can only go to, or come from, a file or a pipe", name);
	return -EINVAL;
}

static int create_direct(struct archive_file *file, int fd)
{
	file->fd = fd;
	if (fd < 0)
		return log_error_errno(-errno, "cannot write '%s'", file->name);
	return refuse_terminal(file->name, fd);
}

static int create_at_path(struct archive_file *file, const char *path)
{
	cleanup_free char *resolved = NULL;
	struct stat status;
	int r;

	if (stat(path, &status) < 0) {
		if (errno != ENOENT)
			return log_error_errno(-errno, "cannot write '%s'", path);
	} else if (S_ISDIR(status.st_mode)) {
		return log_error_errno(-EISDIR, "cannot write '%s'", path);
	} else if (!S_ISREG(status.st_mode)) {
		return create_direct(file, open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY));
	} else {
		/* A symbolic link stays one: what it leads to is replaced. */
		resolved = realpath(path, NULL);
		if (!resolved)
			return log_error_errno(-errno, "cannot write '%s'", path);
	}
	r = open_directory(file, resolved ? resolved : path);
	if (r < 0)
		return r;
	return create_partial(file);
}

int archive_file_create(const char *path, struct archive_file **ret_file)
{
	bool is_stdout = strcmp(path, "-") == 0;
	cleanup_(archive_file_freep) struct archive_file *file =
		file_new(is_stdout ? "standard output" : path);
	int r;

	if (!file)
		return out_of_memory(path);
	if (is_stdout)
		r = create_direct(file, fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
	else
		r = create_at_path(file, path);
	if (r < 0)
		return r;
	*ret_file = take_ptr(file);
	return 0;
}

int archive_file_fd(const struct archive_file *file)
{
	return file->fd;
}

const char *archive_file_name(const struct archive_file *file)
{
	return file->name;
}

/* Gives a file that was made without a name the partial one: a link cannot replace a file, a rename can. */
static int link_partial(struct archive_file *file)
{
	char path[64];

	if (file->has_partial)
		return 0;
	/* As in create_partial(). */
	unlinkat(file->directory_fd, file->partial_name, 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file->fd);
	if (linkat(AT_FDCWD, path, file->directory_fd, file->partial_name, AT_SYMLINK_FOLLOW) < 0)
		return -errno;
	file->has_partial = true;
	return 0;
}

/* A file without a name gets its final one in one step if nothing has it yet: then a partial name is never
 * seen. */
static bool link_final(struct archive_file *file)
{
	char path[64];

	if (file->has_partial)
		return false;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file->fd);
	return linkat(AT_FDCWD, path, file->directory_fd, file->final_name, AT_SYMLINK_FOLLOW) == 0;
}

static int sync_directory(const struct archive_file *file)
{
	if (fsync(file->directory_fd) < 0 && errno != EINVAL && errno != EROFS)
		return log_error_errno(-errno, "cannot write '%s': its directory", file->name);
	return 0;
}

int archive_file_commit(struct archive_file *file)
{
	int r;

	/* Pipes and most devices cannot be synced; that is not an error. */
	if (fsync(file->fd) < 0 && errno != EINVAL && errno != EROFS)
		return log_error_errno(-errno, "cannot write '%s'", file->name);
	if (file->directory_fd < 0)
		return 0;
	if (link_final(file))
		return sync_directory(file);
	r = link_partial(file);
	if (r < 0)
		return log_error_errno(r, "cannot put '%s' in its place", file->name);
	if (renameat(file->directory_fd, file->partial_name, file->directory_fd, file->final_name) < 0)
		return log_error_errno(-errno, "cannot put '%s' in its place", file->name);
	file->has_partial = false;
	return sync_directory(file);
}

int archive_file_open_input(const char *path, int *ret_fd, bool *ret_is_seekable)
{
	bool is_stdin = strcmp(path, "-") == 0;
	const char *name = is_stdin ? "standard input" : path;
	cleanup_close int fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
					: open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat status;
	int r;

	if (fd < 0 || fstat(fd, &status) < 0)
		return log_error_errno(-errno, "cannot read '%s'", name);
	if (S_ISDIR(status.st_mode))
		return log_error_errno(-EISDIR, "cannot read '%s'", name);
	r = refuse_terminal(name, fd);
	if (r < 0)
		return r;
	posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	*ret_is_seekable = S_ISREG(status.st_mode);
	*ret_fd = take_fd(&fd);
	return 0;
}
