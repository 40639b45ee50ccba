/* SPDX-License-Identifier: MIT */
/*
 * Datagram sockets whose peer is outside: the one connection that may lead there, since a restore can take it
 * up again by connecting once more.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/vector.h"
#include "dumper/fd/external.h"
#include "dumper/fd/unix_socket.h"
#include "dumper/holders.h"

struct external {
	struct dump *dump;
	struct unix_entry *entry;
	const struct unix_diag_socket *peer; /* NULL: in another network namespace */
	const char *holders;                 /* "held by ..." */
	const struct fd_holder *holder;      /* the first, NULL if none is seen */
};

/*
 * Whether PATH leads to the peer. The numbers that the kernel tells of its file are the file system's own,
 * which on some (btrfs, overlayfs) are not those of stat(2): then a connection of our own shows where it
 * leads.
 */
static int leads_to_peer(const struct external *external, const char *path)
{
	cleanup_close int probe = -EBADF;
	cleanup_(unix_diag_done) struct unix_diag diag = UNIX_DIAG_EMPTY;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const struct unix_diag_socket *found;
	struct stat st;
	int r;

	if (fstatat(AT_FDCWD, path, &st, 0) < 0 || !S_ISSOCK(st.st_mode))
		return 0;
	if ((uint32_t)st.st_ino == external->peer->file_inode && st.st_dev == external->peer->file_device)
		return 1;
	if (strlen(path) >= sizeof(address.sun_path))
		return 0;
	memcpy(address.sun_path, path, strlen(path));
	probe = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (probe < 0)
		return log_error_errno(-errno, "cannot find out where '%s' leads", path);
	if (connect(probe, (struct sockaddr *)&address, sizeof(address)) < 0 || fstat(probe, &st) < 0)
		return 0;
	r = unix_diag_read(&diag);
	if (r < 0)
		return log_error_errno(r, "cannot ask about unix sockets");
	found = unix_diag_find(&diag, (uint32_t)st.st_ino);
	return found && found->peer_inode == external->peer->inode;
}

/* The path of FD as seen from here, if it leads to the peer. *ret_path is NULL if not; in the arena. */
static int take_path(const struct external *external, int fd, const char **ret_path)
{
	cleanup_free char *path = NULL;
	char link[32];
	int r;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	r = file_readlink_at(AT_FDCWD, link, &path);
	if (r == 0 && path[0] == '/')
		r = leads_to_peer(external, path);
	if (r <= 0)
		return r == -ENAMETOOLONG ? 0 : r;
	*ret_path = arena_string(&external->dump->arena, path);
	return *ret_path ? 0 : log_error_errno(-ENOMEM, "cannot note '%s'", path);
}

/* By the name it is bound to, in the folder where its holder is now, or from its root. */
static int find_by_name(const struct external *external, pid_t holder, const char **ret_path)
{
	const struct unix_diag_socket *peer = external->peer;
	char path[64 + UNIX_NAME_SIZE_MAX];
	cleanup_close int fd = -EBADF;

	snprintf(path, sizeof(path), "/proc/%d/%s%.*s", (int)holder, peer->name[0] == '/' ? "root" : "cwd/",
		 (int)peer->name_size, (const char *)peer->name);
	fd = open(path, O_PATH | O_CLOEXEC);
	return fd < 0 ? 0 : take_path(external, fd, ret_path);
}

/* Its holder may have gone to another folder since: then the kernel is asked for the file, which takes more
 * rights. */
static int find_by_file(const struct external *external, const char **ret_path)
{
	cleanup_(pidref_done) struct pidref pidref = PIDREF_NULL;
	cleanup_close int fd = -EBADF, file_fd = -EBADF;

	if (pidref_open(external->holder->pid, &pidref) < 0 ||
	    pidref_getfd(&pidref, external->holder->fd, &fd) < 0)
		return 0;
	file_fd = unix_open_file(fd);
	return file_fd < 0 ? 0 : take_path(external, file_fd, ret_path);
}

static int find_path(const struct external *external, const char **ret_path)
{
	int r = 0;

	if (external->holder)
		r = find_by_name(external, external->holder->pid, ret_path);
	if (r == 0 && !*ret_path && external->peer->name[0] == '/')
		r = find_by_name(external, getpid(), ret_path);
	if (r == 0 && !*ret_path && external->holder)
		r = find_by_file(external, ret_path);
	return r;
}

static Cr__ExternalUnixSocket *new_record(const struct external *external, const char *path)
{
	struct dump *dump = external->dump;
	const struct unix_entry *entry = external->entry;
	Cr__ExternalUnixSocket *record = arena_new(&dump->arena, Cr__ExternalUnixSocket);

	if (!record)
		return NULL;
	cr__external_unix_socket__init(record);
	record->inode = entry->image->inode;
	record->type = entry->image->type;
	record->pid = entry->process->pidref.pid;
	record->comm = (char *)entry->process->status.name;
	record->fd = entry->is_in_queue ? -1 : entry->fd;
	record->name = entry->image->name;
	record->peer_inode = external->peer->inode;
	record->peer_name = arena_bytes(&dump->arena, external->peer->name, external->peer->name_size);
	record->peer_path = (char *)(path ? path : "");
	record->peer_pid = external->holder ? external->holder->pid : 0;
	record->peer_comm =
		external->holder ? arena_string(&dump->arena, external->holder->comm) : (char *)"";
	return record->peer_name.data && record->peer_comm ? record : NULL;
}

/* The peer can be found again: it is noted. */
static int accept_external(const struct external *external, const char *path)
{
	struct dump *dump = external->dump;
	Cr__UnixSocket *image = external->entry->image;
	Cr__ExternalUnixSocket *record = new_record(external, path);
	Cr__ExternalUnixSocket **slot = record ? vector_append(dump, external_unix_sockets) : NULL;

	if (!slot)
		return log_error_errno(-ENOMEM, "cannot note its peer");
	*slot = record;
	image->peer = CR__UNIX_PEER__UNIX_PEER_EXTERNAL;
	image->peer_name = record->peer_name;
	image->peer_path = record->peer_path;
	return 0;
}

/* Why no connection could be made again, as far as the peer goes; NULL if it could. */
static const char *why_not_again(const struct external *external)
{
	const struct unix_diag_socket *peer = external->peer;

	if (!peer)
		return "which is in another network namespace, so that a restore could not find it";
	if (peer->name_size == 0)
		return "which has no name, so that a restore could not find it";
	if (peer->peer_inode == external->entry->diag->inode)
		return "which is connected to it as well: this is not a connection in one direction";
	if (peer->has_peer)
		return "which is connected to another socket and takes messages from that one only";
	return NULL;
}

static int must_check refuse(const struct external *external, const char *why, const char *advice)
{
	struct dump *dump = external->dump;
	const struct unix_entry *entry = external->entry;

	blockers_add(&dump->blockers, "external socket is used: %s is connected to %s, %s%s%s; %s",
		     unix_describe(dump, entry->diag),
		     external->peer
			     ? unix_describe(dump, external->peer)
			     : arena_format(&dump->arena, "unix datagram socket %u", entry->diag->peer_inode),
		     external->holders, why ? ", " : "", why ? why : "", advice);
	return unix_detail(dump, entry, why ? "peer-outside" : "external-socket",
			   why ? external_option(dump, entry->file, EXTERNAL_UNIX) : "--ext-unix-sk",
			   entry->diag->peer_inode, entry->diag->peer_inode);
}

/* 1 if it is not given. */
static int check_option(const struct external *external)
{
	int r;

	if (external->dump->options->has_ext_unix_sk)
		return 0;
	r = refuse(external, NULL,
		   "if that will be there when this is restored, give --ext-unix-sk (-x) on both commands");
	return r < 0 ? r : 1;
}

int unix_external_check(struct dump *dump, struct unix_entry *entry)
{
	struct external external = {
		.dump = dump,
		.entry = entry,
		.peer = unix_diag_find(&unix_sockets_of(dump)->diag, entry->diag->peer_inode),
	};
	const char *path = NULL, *why = why_not_again(&external);
	size_t count = 0;
	int r = unix_describe_holders(dump, entry->diag->peer_inode, &external.holders);

	if (r == 0)
		r = holders_find(
			dump, &(struct fd_object){.type = FD_OBJECT_SOCKET, .inode = entry->diag->peer_inode},
			&external.holder, &count);
	if (r < 0)
		return r;
	if (why)
		return refuse(
			&external, why,
			arena_format(&dump->arena,
				     "--ext-unix-sk (-x) cannot help: dump that process as well (-t with a "
				     "common ancestor), or let the program close the socket first, or %s",
				     external_advice(dump, entry->file, EXTERNAL_UNIX)));
	if (external.peer->has_file) {
		r = find_path(&external, &path);
		if (r < 0)
			return r;
	}
	r = check_option(&external);
	if (r < 0 || (r > 0 && (path || !external.peer->has_file)))
		return MIN(r, 0);
	if (path || !external.peer->has_file)
		return accept_external(&external, path);
	blockers_add(&dump->blockers,
		     "external socket is used: the server's socket file %s, to which %s is connected, was "
		     "removed or "
		     "replaced, so that a restore could not connect to it: restart the server, and the "
		     "program if it does "
		     "not connect again by itself",
		     unix_describe_name(dump, external.peer->name, external.peer->name_size),
		     unix_describe(dump, entry->diag));
	return unix_detail(dump, entry, "server-file-gone", NULL, entry->diag->peer_inode,
			   entry->diag->peer_inode);
}
