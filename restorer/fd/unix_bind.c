/* SPDX-License-Identifier: MIT */
/*
 * Names for unix sockets.
 *
 * The name of a socket is the text that was given to bind(2); where its file is may be elsewhere by now, or
 * nowhere: the text was relative, the file was moved, the folder is another one for us. So each socket is
 * bound in a folder of its own that is the root for that moment, and its file is moved out of it: to a number
 * in the folder beside it (a jail), and from there, complete, to its place.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "restorer/fd/unix_socket.h"

/* Below the jail. */
#define ROOT_NAME "root"
/* For sockets whose file is gone: any that exists, and where a socket can be made. */
static const char *const passing_directories[] = {"/run", "/dev/shm", "/tmp", "/var/tmp"};

socklen_t unix_address_fill(const struct unix_address *address, struct sockaddr_un *ret_address)
{
	size_t head = offsetof(struct sockaddr_un, sun_path), size;

	*ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (address->file_fd >= 0) {
		snprintf(ret_address->sun_path, sizeof(ret_address->sun_path), "/proc/self/fd/%d",
			 address->file_fd);
		return sizeof(*ret_address);
	}
	size = MIN(address->name->len, sizeof(ret_address->sun_path));
	if (size > 0)
		memcpy(ret_address->sun_path, address->name->data, size);
	return (socklen_t)(head + size);
}

int unix_bind_abstract(int fd, const ProtobufCBinaryData *name)
{
	struct unix_address address = {name, -EBADF};
	struct sockaddr_un where;
	socklen_t size = unix_address_fill(&address, &where);
	char text[UNIX_NAME_SIZE_MAX * 4 + 16];

	if (bind(fd, (struct sockaddr *)&where, size) < 0)
		return log_error_errno(-errno, "cannot bind a unix socket to '%s'",
				       unix_name_format(name->data, name->len, text, sizeof(text)));
	return 0;
}

/* The folder of PATH, which is absolute; owned by the caller. NULL when memory is short. */
static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

static void jail_free(struct unix_jail *jail)
{
	if (jail->fd >= 0)
		(void)unlinkat(jail->fd, ROOT_NAME, AT_REMOVEDIR);
	if (jail->directory_fd >= 0 && jail->fd >= 0)
		(void)unlinkat(jail->directory_fd, jail->name, AT_REMOVEDIR);
	close_fd(&jail->fd);
	close_fd(&jail->directory_fd);
	free(jail->directory);
	free(jail);
}

void unix_jails_done(struct unix_restorer *restorer)
{
	while (restorer->jails) {
		struct unix_jail *next = restorer->jails->next;

		jail_free(restorer->jails);
		restorer->jails = next;
	}
}

static int jail_make(struct unix_jail *jail, unsigned number)
{
	jail->directory_fd = open(jail->directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (jail->directory_fd < 0)
		return -errno;
	snprintf(jail->name, sizeof(jail->name), ".cr-restore.%d.%u", getpid(), number);
	if (mkdirat(jail->directory_fd, jail->name, 0700) < 0)
		return -errno;
	jail->fd = openat(jail->directory_fd, jail->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (jail->fd < 0) {
		int saved = -errno;

		(void)unlinkat(jail->directory_fd, jail->name, AT_REMOVEDIR);
		return saved;
	}
	return mkdirat(jail->fd, ROOT_NAME, 0700) < 0 ? -errno : 0;
}

/* Takes DIRECTORY. Silent. */
static int jail_new(struct unix_restorer *restorer, char *directory, struct unix_jail **ret_jail)
{
	struct unix_jail *jail = directory ? calloc(1, sizeof(*jail)) : NULL;
	int r;

	if (!jail) {
		free(directory);
		return -ENOMEM;
	}
	*jail = (struct unix_jail){.directory = directory, .directory_fd = -EBADF, .fd = -EBADF};
	r = jail_make(jail, restorer->jails_count);
	if (r < 0) {
		jail_free(jail);
		return r;
	}
	restorer->jails_count++;
	jail->next = restorer->jails;
	restorer->jails = jail;
	*ret_jail = jail;
	return 0;
}

static struct unix_jail *jail_find(const struct unix_restorer *restorer, const char *directory)
{
	struct unix_jail *jail = restorer->jails;

	while (jail && strcmp(jail->directory, directory) != 0)
		jail = jail->next;
	return jail;
}

static int jail_of_place(struct unix_restorer *restorer, const char *place, struct unix_jail **ret_jail)
{
	cleanup_free char *directory = directory_of(place);
	int r;

	if (!directory)
		return log_error_errno(-ENOMEM, "cannot bind a unix socket to '%s'", place);
	*ret_jail = jail_find(restorer, directory);
	if (*ret_jail)
		return 0;
	r = jail_new(restorer, strdup(directory), ret_jail);
	return r < 0 ? log_error_errno(r, "cannot make a folder for unix sockets in '%s'", directory) : 0;
}

static int jail_for_passing(struct unix_restorer *restorer, struct unix_jail **ret_jail)
{
	int r = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(passing_directories); i++) {
		*ret_jail = jail_find(restorer, passing_directories[i]);
		if (*ret_jail)
			return 0;
		r = jail_new(restorer, strdup(passing_directories[i]), ret_jail);
		if (r == 0)
			return 0;
	}
	return log_error_errno(r, "cannot make a folder for unix sockets in '%s'", passing_directories[0]);
}

/*
 * Makes (or, IS_REMOVAL, removes) the folders that NAME leads through from the root of a jail. Those that are
 * there have been made for it.
 */
static int walk_folders(const char *name, bool is_removal)
{
	char path[UNIX_NAME_SIZE_MAX + 1];
	size_t length = strlen(name);

	for (size_t i = 1; i < length; i++) {
		size_t end = is_removal ? length - i : i;

		if (name[end] != '/' || name[end - 1] == '/')
			continue;
		memcpy(path, name, end);
		path[end] = '\0';
		if (is_removal)
			(void)rmdir(path); /* "." and ".." stay */
		else if (mkdir(path, 0700) < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

/* In a process whose root is that of the jail. */
static int bind_inside(const struct unix_binding *binding, const struct unix_jail *jail)
{
	struct unix_address address = {binding->name, -EBADF};
	char name[UNIX_NAME_SIZE_MAX + 1] = "", number[16];
	struct sockaddr_un where;
	socklen_t size = unix_address_fill(&address, &where);
	int r;

	memcpy(name, binding->name->data, binding->name->len);
	snprintf(number, sizeof(number), "%u", binding->number);
	r = walk_folders(name, false);
	if (r == 0 && bind(binding->fd, (struct sockaddr *)&where, size) < 0)
		r = -errno;
	if (r == 0 && renameat(AT_FDCWD, name, jail->fd, number) < 0)
		r = -errno;
	(void)walk_folders(name, true);
	return r;
}

static int enter(const struct unix_jail *jail)
{
	cleanup_close int fd = openat(jail->fd, ROOT_NAME, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fchdir(fd) < 0 || syscall(SYS_chroot, ".") < 0)
		return -errno;
	return 0;
}

/* What a process does that has our descriptors, but root and working directory of its own. */
static void bind_all(struct unix_binding *bindings, size_t count, int *errors)
{
	/* Who is to connect while it is still hidden may have lost the right that he had. */
	umask(0);
	for (size_t i = 0; i < count; i++) {
		errors[i] = enter(bindings[i].jail);
		if (errors[i] == 0)
			errors[i] = bind_inside(&bindings[i], bindings[i].jail);
	}
}

static int run_bind_all(struct unix_binding *bindings, size_t count, int *errors)
{
	struct clone_args arguments = {.flags = CLONE_FILES};
	long child = syscall(SYS_clone3, &arguments, sizeof(arguments));
	int status;

	if (child < 0)
		return log_error_errno(-errno, "cannot make a process for unix sockets");
	if (child == 0) {
		bind_all(bindings, count, errors);
		_exit(0);
	}
	while (waitpid((pid_t)child, &status, __WALL) < 0)
		if (errno != EINTR)
			return log_error_errno(-errno, "cannot wait for a process");
	return WIFEXITED(status) ? 0 : log_error_errno(-ECHILD, "a process for unix sockets was killed");
}

/* Gets hold of the file of a socket that was bound, and removes it if it is to be nowhere. */
static int take_file(struct unix_binding *binding)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", binding->number);
	binding->file_fd = openat(binding->jail->fd, number, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (binding->file_fd < 0)
		return log_error_errno(-errno, "cannot open the file of a unix socket");
	if (binding->place)
		return 0;
	if (unlinkat(binding->jail->fd, number, 0) < 0)
		return log_error_errno(-errno, "cannot remove the file of a unix socket");
	binding->jail = NULL;
	return 0;
}

int unix_bind_paths(struct restore *restore, struct unix_binding *bindings, size_t count)
{
	struct unix_restorer *restorer = unix_restorer_of(restore);
	int *errors, r = 0;

	if (count == 0)
		return 0;
	for (size_t i = 0; r == 0 && i < count; i++)
		r = bindings[i].place ? jail_of_place(restorer, bindings[i].place, &bindings[i].jail)
				      : jail_for_passing(restorer, &bindings[i].jail);
	if (r < 0)
		return r;
	errors = mmap(NULL, count * sizeof(*errors), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (errors == MAP_FAILED)
		return log_error_errno(-errno, "cannot bind unix sockets");
	r = run_bind_all(bindings, count, errors);
	for (size_t i = 0; r == 0 && i < count; i++) {
		char text[UNIX_NAME_SIZE_MAX * 4 + 16];

		if (errors[i] < 0)
			r = log_error_errno(errors[i], "cannot bind a unix socket to '%s' in '%s'",
					    unix_name_format(bindings[i].name->data, bindings[i].name->len,
							     text, sizeof(text)),
					    bindings[i].jail->directory);
		else
			r = take_file(&bindings[i]);
	}
	munmap(errors, count * sizeof(*errors));
	return r;
}

/* Only a dead socket file may give way. */
static int make_way(const struct unix_jail *jail, const char *base)
{
	cleanup_close int fd = openat(jail->directory_fd, base, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	r = unix_file_is_alive(fd);
	return r > 0 ? -EADDRINUSE : r;
}

static int set_attributes(const struct unix_object *unix_object, const char *number)
{
	const Cr__UnixFile *file = unix_object->image->file;
	char link[32];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", unix_object->file_fd);
	if (fchownat(unix_object->file_fd, "", file->uid, file->gid, AT_EMPTY_PATH) < 0)
		return log_error_errno(-errno, "cannot give '%s' to user %u, group %u", file->path, file->uid,
				       file->gid);
	if (chmod(link, file->mode) < 0)
		return log_error_errno(-errno, "cannot set the mode of '%s' (%s)", file->path, number);
	return 0;
}

int unix_publish(struct unix_object *unix_object)
{
	const Cr__UnixFile *file = unix_object->image->file;
	const char *base = strrchr(file->path, '/') + 1;
	struct unix_jail *jail = unix_object->jail;
	char number[16];
	int r;

	snprintf(number, sizeof(number), "%u", unix_object->id);
	r = set_attributes(unix_object, number);
	if (r < 0)
		return r;
	if (renameat2(jail->fd, number, jail->directory_fd, base, RENAME_NOREPLACE) < 0) {
		/* EINVAL: this file system cannot rename so. */
		r = errno == EEXIST || errno == EINVAL ? make_way(jail, base) : -errno;
		if (r == 0 && renameat(jail->fd, number, jail->directory_fd, base) < 0)
			r = -errno;
		if (r < 0)
			return log_error_errno(r, "cannot put a unix socket at '%s'", file->path);
	}
	unix_object->jail = NULL;
	return 0;
}
