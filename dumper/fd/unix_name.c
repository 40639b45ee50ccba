/* SPDX-License-Identifier: MIT */
/* Where unix sockets are bound, and how they came to their names. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/log.h"
#include "dumper/fd/unix_socket.h"
#include "dumper/ghosts.h"
#include "dumper/other_name.h"

/* <linux/un.h>, which does not go with <sys/un.h>: a descriptor, with O_PATH, of the file a socket is bound
 * to. */
#define SIOCUNIXFILE (SIOCPROTOPRIVATE + 0)

#define DELETED_SUFFIX " (deleted)"

static int path_fd_format(int fd, char path[32])
{
	return snprintf(path, 32, "/proc/self/fd/%d", fd);
}

static bool is_same_file(const struct stat *left, const struct stat *right)
{
	return left->st_dev == right->st_dev && left->st_ino == right->st_ino;
}

/* The name that is gone had another beside it or near, link(2). */
static const char *find_other_path(struct dump *dump, const char *link, const struct stat *st)
{
	const char *former = ghost_path(dump, link), *kept = NULL;
	cleanup_free char *other = NULL;

	if (former && other_name_find(former, st, &other) == 0)
		kept = arena_string(&dump->arena, other);
	return kept;
}

/*
 * A path that leads to the file behind FILE_FD, which has a link somewhere, in the arena. NULL if none can be
 * told.
 */
static const char *find_path(struct dump *dump, int file_fd, const struct stat *st)
{
	cleanup_free char *path = NULL;
	char link[32];
	struct stat found;

	path_fd_format(file_fd, link);
	if (file_readlink_at(AT_FDCWD, link, &path) < 0 || path[0] != '/')
		return NULL;
	if (fstatat(AT_FDCWD, path, &found, AT_SYMLINK_NOFOLLOW) < 0 || !is_same_file(&found, st))
		return find_other_path(dump, path, st);
	return arena_string(&dump->arena, path);
}

static int note_file(struct dump *dump, struct unix_entry *entry, const char *path, const struct stat *st)
{
	Cr__UnixFile *file = arena_new(&dump->arena, Cr__UnixFile);

	if (!file)
		return log_error_errno(-ENOMEM, "cannot note its socket file");
	cr__unix_file__init(file);
	file->path = (char *)path;
	file->mode = st->st_mode & 07777;
	file->uid = st->st_uid;
	file->gid = st->st_gid;
	entry->image->file = file;
	return 0;
}

/* The file by the path that the process may have bound it by, without the right to ask for it
 * (CAP_NET_ADMIN). */
static int open_by_name(const struct unix_entry *entry)
{
	const struct unix_diag_socket *diag = entry->diag;
	bool is_absolute = diag->name[0] == '/';
	char path[16 + UNIX_NAME_SIZE_MAX];
	struct stat st;
	cleanup_close int fd = -EBADF;

	snprintf(path, sizeof(path), "%s%.*s", is_absolute ? "root" : "cwd/", (int)diag->name_size,
		 (const char *)diag->name);
	fd = openat(entry->process->proc_fd, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || (uint32_t)st.st_ino != diag->file_inode || st.st_dev != diag->file_device)
		return -ESTALE;
	return take_fd(&fd);
}

int unix_open_file(int our_fd)
{
	int fd = ioctl(our_fd, SIOCUNIXFILE);

	return fd < 0 ? -errno : fd;
}

/* Its socket file; -EBADF if there is none any more. */
static int open_file(const struct unix_entry *entry, int our_fd)
{
	int fd = unix_open_file(our_fd);

	if (fd >= 0 || (fd != -EPERM && fd != -ENOTTY && fd != -EINVAL))
		return fd < 0 ? log_error_errno(fd, "cannot ask for its socket file") : fd;
	fd = open_by_name(entry);
	return fd < 0 ? -EBADF : fd;
}

static int collect_file(struct dump *dump, struct unix_entry *entry, int file_fd)
{
	const char *path;
	struct stat st;

	if (file_fd < 0)
		return 0;
	if (fstat(file_fd, &st) < 0)
		return log_error_errno(-errno, "cannot look at its socket file");
	entry->file->is_bound = true;
	entry->file->bound_device = st.st_dev;
	entry->file->bound_inode = st.st_ino;
	if (st.st_nlink == 0)
		return 0;
	path = find_path(dump, file_fd, &st);
	if (path && st.st_nlink > 1)
		log_warning(
			"%s: its socket file '%s' has %ju names (link(2)), of which a restore makes this one",
			unix_describe(dump, entry->diag), fd_info_printable(path, &dump->arena),
			(uintmax_t)st.st_nlink);
	if (path)
		return note_file(dump, entry, path, &st);
	blockers_add(&dump->blockers,
		     "%s is bound to a socket file whose path cannot be told: it was removed, but has "
		     "another name "
		     "somewhere (link(2)), or something is mounted over it",
		     unix_describe(dump, entry->diag));
	return 0;
}

static int compare_numbers(uint64_t left, uint64_t right)
{
	return left < right ? -1 : left > right;
}

/* 0: one may have been accepted by the other, or both by a third. */
static int compare_names(const struct unix_diag_socket *left, const struct unix_diag_socket *right)
{
	int order = compare_numbers(left->type, right->type);

	if (order == 0)
		order = compare_numbers(left->has_file, right->has_file);
	if (order == 0 && left->has_file)
		order = compare_numbers(left->file_inode, right->file_inode);
	if (order == 0 && left->has_file)
		order = compare_numbers(left->file_device, right->file_device);
	if (order == 0)
		order = compare_numbers(left->name_size, right->name_size);
	return order != 0 ? order : memcmp(left->name, right->name, left->name_size);
}

/* Of the same name those first that listen or are to do so. */
static int compare(const void *left, const void *right)
{
	const struct unix_diag_socket *const *a = left, *const *b = right;
	int order = compare_names(*a, *b);

	return order != 0 ? order
			  : compare_numbers((*a)->state == TCP_ESTABLISHED, (*b)->state == TCP_ESTABLISHED);
}

static int sort_named(struct unix_sockets *sockets)
{
	const struct unix_diag *diag = &sockets->diag;

	sockets->named = calloc(MAX(diag->sockets_count, (size_t)1), sizeof(const void *));
	if (!sockets->named)
		return log_error_errno(-ENOMEM, "cannot compare unix sockets");
	for (size_t i = 0; i < diag->sockets_count; i++)
		if (diag->sockets[i].inode != 0 && diag->sockets[i].name_size > 0)
			sockets->named[sockets->named_count++] = &diag->sockets[i];
	qsort(sockets->named, sockets->named_count, sizeof(const void *), compare);
	return 0;
}

/*
 * Of the others that have the same name: the one that was bound to it, if it listens or is to do so, or any.
 * *ret_socket is NULL if there is none.
 */
static int find_relative(struct unix_sockets *sockets, const struct unix_diag_socket *socket,
			 const struct unix_diag_socket **ret_socket)
{
	size_t begin = 0, end;
	int r = sockets->named ? 0 : sort_named(sockets);

	if (r < 0)
		return r;
	for (end = sockets->named_count; begin < end;) {
		size_t middle = begin + (end - begin) / 2;

		if (compare_names(sockets->named[middle], socket) < 0)
			begin = middle + 1;
		else
			end = middle;
	}
	if (begin < sockets->named_count && sockets->named[begin] == socket)
		begin++;
	*ret_socket = begin < sockets->named_count && compare_names(sockets->named[begin], socket) == 0
			      ? sockets->named[begin]
			      : NULL;
	return 0;
}

/*
 * Whether the file of FILE_FD still leads to a stream socket that is bound to it. Asked by a datagram socket,
 * which gets no further than to that answer.
 */
static int leads_to_socket(int file_fd)
{
	cleanup_close int probe = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char path[32];

	if (probe < 0)
		return log_error_errno(-errno, "cannot ask who is bound to its socket file");
	path_fd_format(file_fd, path);
	memcpy(address.sun_path, path, strlen(path));
	return connect(probe, (struct sockaddr *)&address, sizeof(address)) < 0 && errno == EPROTOTYPE;
}

/* Whether somebody is bound to an abstract name: it cannot be bound again then. */
static int is_name_taken(const struct unix_diag_socket *socket_)
{
	cleanup_close int probe = socket(AF_UNIX, socket_->type | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (probe < 0)
		return log_error_errno(-errno, "cannot ask who is bound to its name");
	memcpy(address.sun_path, socket_->name, socket_->name_size);
	return bind(probe, (struct sockaddr *)&address,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + socket_->name_size)) < 0 &&
	       errno == EADDRINUSE;
}

/* What accept(2) gives has the name of the listening socket, but is not found by it. 1 if that is so. */
static int was_accepted(struct unix_sockets *sockets, const struct unix_entry *entry, int file_fd)
{
	const struct unix_diag_socket *diag = entry->diag, *relative;
	int r;

	if (diag->type == SOCK_DGRAM || diag->state != TCP_ESTABLISHED)
		return 0;
	r = find_relative(sockets, diag, &relative);
	if (r < 0)
		return r;
	if (relative && (relative->state != TCP_ESTABLISHED || diag->has_file))
		return 1;
	if (diag->has_file && file_fd < 0)
		return 1; /* which makes no difference: nobody finds it any more */
	r = diag->has_file ? leads_to_socket(file_fd) : is_name_taken(diag);
	return r < 0 ? r : !r;
}

int unix_name_collect(struct dump *dump, struct unix_entry *entry, int our_fd)
{
	const struct unix_diag_socket *diag = entry->diag;
	cleanup_close int file_fd = -EBADF;
	int r;

	if (diag->name_size == 0)
		return 0;
	if (diag->name_size > UNIX_NAME_SIZE_MAX)
		return log_error_errno(-EPROTO, "its name has %zu bytes", diag->name_size);
	entry->image->name = arena_bytes(&dump->arena, diag->name, diag->name_size);
	if (!entry->image->name.data)
		return log_error_errno(-ENOMEM, "cannot note its name");
	if (diag->has_file) {
		file_fd = open_file(entry, our_fd);
		if (file_fd < 0 && file_fd != -EBADF)
			return file_fd;
	}
	r = was_accepted(unix_sockets_of(dump), entry, file_fd);
	if (r < 0)
		return r;
	entry->image->is_accepted = r > 0;
	return entry->image->is_accepted ? 0 : collect_file(dump, entry, file_fd);
}
