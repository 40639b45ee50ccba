/* SPDX-License-Identifier: MIT */
/* Unix sockets. */
#include "dumper/fd/unix_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "common/cleanup.h"
#include "common/kernel_socket.h"
#include "common/kernel_unix.h"
#include "common/vector.h"
#include "dumper/fd/socket_options.h"
#include "dumper/fd/unix_options.h"
#include "dumper/holders.h"

#define GROUPS_MAX 65536

static bool unix_socket_matches(const struct fd_info *info)
{
	return info->socket.family == AF_UNIX;
}

/* 0 if the kernel does not tell (before Linux 5.14). */
static uint64_t namespace_cookie(int fd)
{
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);

	return getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) < 0 ? 0 : cookie;
}

struct unix_entry *unix_entry_find(const struct unix_sockets *sockets, uint32_t inode)
{
	uint64_t index;

	return inode != 0 && id_map_get(&sockets->by_inode, inode, &index) ? sockets->entries[index - 1]
									   : NULL;
}

const char *unix_describe_name(struct dump *dump, const void *name, size_t name_size)
{
	char text[UNIX_NAME_SIZE_MAX * 4 + 16];
	const char *result = "(unnamed)";

	if (name_size > 0)
		result = arena_format(&dump->arena, "'%s'",
				      unix_name_format(name, name_size, text, sizeof(text)));
	return result ? result : "?";
}

const char *unix_describe(struct dump *dump, const struct unix_diag_socket *socket)
{
	const char *text =
		arena_format(&dump->arena, "unix %s socket %u %s", unix_type_name(socket->type),
			     socket->inode, unix_describe_name(dump, socket->name, socket->name_size));

	return text ? text : "unix socket";
}

static int collect_groups(struct dump *dump, int fd, Cr__UnixCredentials *image)
{
	cleanup_free gid_t *groups = NULL;
	socklen_t size = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) == 0 || errno == ENODATA)
		return 0;
	if (errno != ERANGE || size > GROUPS_MAX * sizeof(gid_t))
		return log_error_errno(-errno, "cannot ask for the groups of its peer (SO_PEERGROUPS)");
	groups = calloc(1, size);
	image->groups = arena_array(&dump->arena, uint32_t, size / sizeof(gid_t));
	if (!groups || !image->groups)
		return log_error_errno(-ENOMEM, "cannot note the groups of its peer");
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0)
		return log_error_errno(-errno, "cannot ask for the groups of its peer (SO_PEERGROUPS)");
	image->n_groups = size / sizeof(gid_t);
	for (size_t i = 0; i < image->n_groups; i++)
		image->groups[i] = groups[i];
	return 0;
}

/* Who the peer was, or who made it listen. */
static int collect_credentials(struct dump *dump, int fd, Cr__UnixSocket *image)
{
	struct ucred credentials;
	socklen_t size = sizeof(credentials);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
		return log_error_errno(-errno, "cannot ask who its peer is (SO_PEERCRED)");
	if (credentials.pid == 0 && credentials.uid == (uid_t)-1)
		return 0;
	image->peer_credentials = arena_new(&dump->arena, Cr__UnixCredentials);
	if (!image->peer_credentials)
		return log_error_errno(-ENOMEM, "cannot note who its peer is");
	cr__unix_credentials__init(image->peer_credentials);
	image->peer_credentials->pid = credentials.pid;
	image->peer_credentials->uid = credentials.uid;
	image->peer_credentials->gid = credentials.gid;
	return collect_groups(dump, fd, image->peer_credentials);
}

/*
 * SO_INQ can be set, since Linux 6.17, but not asked for: the kernel's memory tells. Where that may not be
 * read it is taken for unset, see CAVEATS in the manual.
 */
static int open_kernel_sockets(struct unix_sockets *sockets)
{
	cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t size = sizeof(int);
	uint64_t value;
	int one = 1, r;

	if (fd < 0)
		return log_error_errno(-errno, "cannot ask about unix sockets");
	if (setsockopt(fd, SOL_SOCKET, CR_SO_INQ, &one, sizeof(one)) < 0 ||
	    getsockopt(fd, SOL_SOCKET, CR_SO_INQ, &one, &size) == 0)
		return 0;
	r = kernel_sockets_open(&sockets->kernel_sockets);
	if (r == 0 &&
	    (kernel_sockets_read(sockets->kernel_sockets, fd, UNIX_INQ_MEMBER, &value) < 0 || value != 1)) {
		kernel_sockets_free(sockets->kernel_sockets);
		sockets->kernel_sockets = NULL;
	}
	return r == -ENOMEM ? log_error_errno(r, "cannot ask about unix sockets") : 0;
}

static int collect_inq(struct dump *dump, int fd, Cr__UnixSocket *image)
{
	struct unix_sockets *sockets = unix_sockets_of(dump);
	uint64_t value = 0;
	int r;

	if (image->type != SOCK_STREAM || !sockets->kernel_sockets)
		return 0;
	r = kernel_sockets_read(sockets->kernel_sockets, fd, UNIX_INQ_MEMBER, &value);
	if (r < 0)
		return log_error_errno(r, "cannot read SO_INQ in the kernel's memory");
	return value == 0 ? 0 : socket_options_add_int(dump, CR_SO_INQ, (int32_t)value, &image->options);
}

static int sockets_new(struct dump *dump)
{
	cleanup_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct unix_sockets *sockets = calloc(1, sizeof(*sockets));
	int r;

	if (!sockets || fd < 0) {
		r = sockets ? -errno : -ENOMEM;
		free(sockets);
		return log_error_errno(r, "cannot ask about unix sockets");
	}
	dump->fd_kind_states[FD_KIND_unix_socket] = sockets;
	sockets->namespace_cookie = namespace_cookie(fd);
	r = unix_diag_read(&sockets->diag);
	if (r == -ENOENT)
		return log_error_errno(r, "this kernel does not tell about unix sockets (module unix_diag)");
	if (r < 0)
		return log_error_errno(r, "cannot ask about unix sockets");
	r = open_kernel_sockets(sockets);
	if (r < 0)
		return r;
	sockets->options = unix_options_new(sockets->kernel_sockets);
	return sockets->options ? 0 : log_error_errno(-ENOMEM, "cannot ask about unix sockets");
}

/* What the socket has of its own, whatever it is connected to. */
static int collect_own(struct dump *dump, struct unix_entry *entry, const struct fd_info *info)
{
	Cr__UnixSocket *image = entry->image;
	int r;

	image->inode = info->stat.st_ino;
	image->type = entry->diag->type;
	image->shutdown = entry->diag->shutdown;
	image->is_listening = entry->diag->state == TCP_LISTEN;
	image->backlog = image->is_listening ? entry->diag->send_queue : 0;
	image->mode = info->stat.st_mode & 07777;
	image->uid = info->stat.st_uid;
	image->gid = info->stat.st_gid;
	r = unix_name_collect(dump, entry, info->our_fd);
	if (r == 0)
		r = collect_credentials(dump, info->our_fd, image);
	if (r == 0)
		r = unix_options_collect(dump, unix_sockets_of(dump)->options, info->our_fd, (int)image->type,
					 &image->options);
	return r < 0 ? r : r > 0 ? 0 : collect_inq(dump, info->our_fd, image);
}

/* NULL if memory is short. */
static struct unix_entry *new_entry(struct dump *dump, struct unix_sockets *sockets,
				    const struct process *process, struct open_file *file)
{
	struct unix_entry *entry = arena_new(&dump->arena, struct unix_entry);
	Cr__UnixSocket *image = arena_new(&dump->arena, Cr__UnixSocket);
	struct unix_entry **slot = entry && image ? vector_append(sockets, entries) : NULL;

	if (!slot)
		return NULL;
	*slot = entry;
	if (id_map_set(&sockets->by_inode, (uint32_t)file->inode, sockets->entries_count) < 0)
		return NULL;
	cr__unix_socket__init(image);
	*entry = (struct unix_entry){
		.file = file,
		.image = image,
		.process = process,
		.fd = file->process ? file->fd : sockets->entries[sockets->read_count - 1]->fd,
		.is_in_queue = !file->process,
	};
	file->entry = &image->base;
	return entry;
}

/*
 * Reads the queues of what has been met: descriptors in them may be sockets as well, which are met then. They
 * are not read one in the other, for there is no end to how deep they may lie.
 */
static int read_queues(struct dump *dump, struct unix_sockets *sockets, int our_fd)
{
	int r = 0;

	if (sockets->is_reading)
		return 0;
	sockets->is_reading = true;
	while (r == 0 && sockets->read_count < sockets->entries_count) {
		struct unix_entry *entry = sockets->entries[sockets->read_count++];
		/* The first is the caller's; the others have been found in queues, and are ours. */
		int fd = entry->is_in_queue ? entry->file->fd : our_fd;

		r = entry->diag ? unix_queue_collect(dump, entry, fd) : 0;
	}
	sockets->is_reading = false;
	return r;
}

/* With what it is connected to, if that has a name. */
static const char *describe_file(struct dump *dump, const struct unix_diag_socket *socket)
{
	const struct unix_diag_socket *peer =
		unix_diag_find(&unix_sockets_of(dump)->diag, socket->peer_inode);
	const char *text = unix_describe(dump, socket);

	if (peer && peer->name_size > 0)
		text = arena_format(&dump->arena, "%s connected to %s", text,
				    unix_describe_name(dump, peer->name, peer->name_size));
	return text ? text : "unix socket";
}

static int unix_socket_collect(struct dump *dump, const struct process *process, const struct fd_info *info,
			       struct open_file *file)
{
	struct unix_sockets *sockets;
	struct unix_entry *entry;
	const char *in_queue;
	int r = unix_sockets_of(dump) ? 0 : sockets_new(dump);

	if (r < 0)
		return r;
	sockets = unix_sockets_of(dump);
	entry = new_entry(dump, sockets, process, file);
	if (!entry)
		return log_error_errno(-ENOMEM, "cannot note the socket");
	in_queue = fdinfo_get(&info->fdinfo, "scm_fds");
	entry->fds_in_queue = in_queue ? strtoull(in_queue, NULL, 10) : 1;
	entry->diag = unix_diag_find(&sockets->diag, (uint32_t)info->stat.st_ino);
	if (!entry->diag || namespace_cookie(info->our_fd) != sockets->namespace_cookie) {
		entry->diag = NULL;
		file->description = fd_info_describe(info, &dump->arena);
		blockers_add(
			&dump->blockers,
			"%s belongs to another network namespace, while its process does not: it cannot be "
			"looked at from here",
			file->description);
	} else {
		file->description = describe_file(dump, entry->diag);
		r = collect_own(dump, entry, info);
	}
	if (r == 0)
		r = holders_want(dump,
				 &(struct fd_object){.type = FD_OBJECT_SOCKET, .inode = info->stat.st_ino});
	return r < 0 ? r : read_queues(dump, sockets, info->our_fd);
}

static int unix_socket_write_contents(struct dump *dump, const struct open_file *file, int our_fd)
{
	return unix_queue_write(dump, unix_entry_find(unix_sockets_of(dump), (uint32_t)file->inode), our_fd);
}

static void unix_socket_done(struct dump *dump)
{
	struct unix_sockets *sockets = unix_sockets_of(dump);

	if (!sockets)
		return;
	option_guard_free(sockets->guard);
	unix_options_free(sockets->options);
	if (sockets->kernel_sockets)
		kernel_sockets_free(sockets->kernel_sockets);
	if (sockets->kernel)
		kernel_unix_free(sockets->kernel);
	for (size_t i = 0; i < sockets->entries_count; i++)
		free(sockets->entries[i]->waiting);
	unix_diag_done(&sockets->diag);
	id_map_done(&sockets->by_inode);
	id_map_done(&sockets->by_file);
	free(sockets->named);
	free(sockets->entries);
	if (sockets->buffer)
		munmap(sockets->buffer, sockets->buffer_size);
	free(sockets);
	dump->fd_kind_states[FD_KIND_unix_socket] = NULL;
}

const struct fd_dumper unix_socket_fd_dumper = {
	.name = "unix_socket",
	.matches = unix_socket_matches,
	.collect = unix_socket_collect,
	.want = unix_graph_want,
	.check = unix_graph_check,
	.write_contents = unix_socket_write_contents,
	.done = unix_socket_done,
};
