/* SPDX-License-Identifier: MIT */
/* Whether this host, as it is now, lets the unix sockets of an archive be. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/log.h"
#include "common/netlink/unix_diag.h"
#include "common/printable.h"
#include "common/proc/fd_search.h"
#include "restorer/fd/socket_options.h"
#include "restorer/fd/unix_socket.h"

#define TEXT_SIZE PRINTABLE_SIZE

struct preflight {
	struct restore *restore;
	struct unix_restorer *restorer;
	struct unix_diag diag;
	struct id_map places; /* open file id: index in restore->tasks, and a descriptor there */
};

static void preflight_done(struct preflight *preflight)
{
	unix_diag_done(&preflight->diag);
	id_map_done(&preflight->places);
}

int unix_file_is_alive(int file_fd)
{
	cleanup_close int probe = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct unix_address address = {NULL, file_fd};
	struct sockaddr_un where;
	socklen_t size = unix_address_fill(&address, &where);

	/* Of all types the only one that a listening socket takes no notice of. */
	if (probe < 0)
		return -errno;
	if (connect(probe, (struct sockaddr *)&where, size) == 0 || errno == EPROTOTYPE || errno == EPERM)
		return 1;
	return errno == ECONNREFUSED ? 0 : -errno;
}

/* Where in the tree each open file is: of those that have it, the first. */
static int find_places(struct preflight *preflight)
{
	const struct restore *restore = preflight->restore;

	for (size_t i = restore->tasks_count; i-- > 0;) {
		const Cr__DescriptorTable *table = restore->tasks[i].descriptors;

		for (size_t k = table ? table->n_descriptors : 0; k-- > 0;)
			if (id_map_set(&preflight->places, table->descriptors[k]->open_file_id,
				       (uint64_t)i << 32 | (uint32_t)table->descriptors[k]->fd) < 0)
				return log_error_errno(-ENOMEM, "cannot look at unix sockets");
	}
	return 0;
}

/* "unix stream socket '/run/x' of pid 812 (fd 3)" */
static const char *describe(const struct preflight *preflight, const struct unix_object *unix_object,
			    char text[TEXT_SIZE])
{
	const Cr__UnixSocket *image = unix_object->image;
	char name[UNIX_NAME_SIZE_MAX * 4 + 16], where[64] = "in a queue";
	uint64_t place;

	if (id_map_get(&preflight->places, unix_object->id, &place))
		snprintf(where, sizeof(where), "of pid %d (fd %d)",
			 preflight->restore->tasks[place >> 32].image->pid, (int)(uint32_t)place);
	snprintf(text, TEXT_SIZE, "unix %s socket%s%s%s %s", unix_type_name(image->type),
		 image->name.len > 0 ? " '" : "",
		 unix_name_format(image->name.data, image->name.len, name, sizeof(name)),
		 image->name.len > 0 ? "'" : "", where);
	return text;
}

/* ", held by 'x' (pid 1, fd 2)", or "" if nobody is seen to. */
static const char *describe_holder(uint32_t inode, char text[TEXT_SIZE])
{
	cleanup_(fd_search_done) struct fd_search search = {0};
	struct fd_object object = {.type = FD_OBJECT_SOCKET, .inode = inode};
	const struct fd_holder *holders = NULL;
	char comm[128];
	size_t count = 0;

	text[0] = '\0';
	if (inode == 0 || fd_search_add(&search, &object) < 0 || fd_search_run(&search) < 0)
		return text;
	holders = fd_search_get(&search, &object, &count);
	if (count > 0)
		snprintf(text, TEXT_SIZE, ", held by '%s' (pid %d, fd %d)",
			 printable(holders[0].comm, comm, sizeof(comm)), holders[0].pid, holders[0].fd);
	return text;
}

/* Who is bound to the file of ST; 0: not seen. */
static uint32_t find_by_file(const struct preflight *preflight, const struct stat *st)
{
	uint32_t inode = 0;

	for (size_t i = 0; i < preflight->diag.sockets_count; i++) {
		const struct unix_diag_socket *socket = &preflight->diag.sockets[i];

		if (!socket->has_file || socket->file_inode != (uint32_t)st->st_ino ||
		    socket->file_device != st->st_dev || socket->inode == 0)
			continue;
		if (inode == 0 || socket->state != TCP_ESTABLISHED)
			inode = socket->inode;
	}
	return inode;
}

/* Who has an abstract name, of any type if TYPE is 0. NULL: nobody is seen to. */
static const struct unix_diag_socket *find_by_name(const struct preflight *preflight, uint32_t type,
						   const ProtobufCBinaryData *name)
{
	const struct unix_diag_socket *found = NULL;

	for (size_t i = 0; i < preflight->diag.sockets_count; i++) {
		const struct unix_diag_socket *socket = &preflight->diag.sockets[i];

		if (socket->inode == 0 || (type != 0 && socket->type != type) ||
		    socket->name_size != name->len || memcmp(socket->name, name->data, name->len) != 0)
			continue;
		if (!found || socket->state != TCP_ESTABLISHED)
			found = socket;
	}
	return found;
}

/* It will be bound in a folder beside its place. */
static void check_folder(const struct preflight *preflight, const char *path, const char *what,
			 const char *shown)
{
	cleanup_free char *directory = strndup(path, (size_t)(strrchr(path, '/') - path) + 1);
	struct blockers *blockers = &preflight->restore->blockers;
	struct stat st;

	if (!directory)
		blockers->is_incomplete = true;
	else if (stat(directory, &st) < 0 || !S_ISDIR(st.st_mode))
		blockers_add(blockers, "%s belongs to '%s', but that folder is not there", what, shown);
	else if (faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) < 0)
		blockers_add(blockers, "%s belongs to '%s', but that folder cannot be written to: %s", what,
			     shown, strerror(errno));
}

/* Where the file of a socket is to be: nobody's place is taken but that of a dead one. */
static void check_place(const struct preflight *preflight, const struct unix_object *unix_object)
{
	const char *path = unix_object->image->file->path;
	char what[TEXT_SIZE], holder[TEXT_SIZE], shown[TEXT_SIZE];
	cleanup_close int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct blockers *blockers = &preflight->restore->blockers;
	struct stat st;
	int r;

	describe(preflight, unix_object, what);
	printable(path, shown, sizeof(shown));
	if (fd < 0 && errno == ENOENT) {
		check_folder(preflight, path, what, shown);
		return;
	}
	if (fd < 0 || fstat(fd, &st) < 0) {
		blockers_add(blockers, "%s belongs to '%s', which cannot be looked at: %s", what, shown,
			     strerror(errno));
		return;
	}
	if (!S_ISSOCK(st.st_mode)) {
		blockers_add(blockers,
			     "%s belongs to '%s', but a file that is no socket is there now: move it away",
			     what, shown);
		return;
	}
	r = unix_file_is_alive(fd);
	if (r > 0)
		blockers_add(blockers,
			     "%s belongs to '%s', but another socket is alive there%s: end its program first",
			     what, shown, describe_holder(find_by_file(preflight, &st), holder));
	else if (r == 0)
		check_folder(preflight, path, what, shown);
	else
		blockers_add(blockers, "%s belongs to '%s', and it cannot be told whether that is in use: %s",
			     what, shown, strerror(-r));
}

/* An abstract name that has to be bound, be it for a while. */
static int check_abstract(const struct preflight *preflight, const struct unix_object *unix_object,
			  uint32_t type, const ProtobufCBinaryData *name)
{
	const struct unix_diag_socket *holder_socket;
	char what[TEXT_SIZE], holder[TEXT_SIZE], shown[UNIX_NAME_SIZE_MAX * 4 + 16];
	cleanup_close int probe = -EBADF;
	struct unix_address address = {name, -EBADF};
	struct sockaddr_un where;
	socklen_t size;

	if (!unix_name_is_abstract(name))
		return 0;
	holder_socket = find_by_name(preflight, type, name);
	if (!holder_socket)
		return 0;
	/* What was accepted by a socket of that name has it too, but does not take it. */
	probe = socket(AF_UNIX, (int)type | SOCK_CLOEXEC, 0);
	if (probe < 0)
		return log_error_errno(-errno, "cannot look for unix sockets");
	size = unix_address_fill(&address, &where);
	if (bind(probe, (struct sockaddr *)&where, size) == 0)
		return 0;
	blockers_add(&preflight->restore->blockers,
		     "%s needs the name '%s', but another socket has it%s: end its program first",
		     describe(preflight, unix_object, what),
		     unix_name_format(name->data, name->len, shown, sizeof(shown)),
		     describe_holder(holder_socket->inode, holder));
	return 0;
}

static bool needs_helper_name(const struct unix_object *unix_object)
{
	return unix_object->image->is_accepted && !unix_object->listener;
}

/* All names that it will take to make a socket. */
static int check_names(const struct preflight *preflight, const struct unix_object *unix_object)
{
	const Cr__UnixSocket *image = unix_object->image;
	int r = 0;

	if (image->file)
		check_place(preflight, unix_object);
	if (!image->is_accepted || needs_helper_name(unix_object))
		r = check_abstract(preflight, unix_object, image->type, &image->name);
	if (r == 0 && image->peer == CR__UNIX_PEER__UNIX_PEER_CLOSED && !unix_object->listener)
		r = check_abstract(preflight, unix_object, image->type, &image->peer_name);
	for (size_t i = 0; r == 0 && image->type == SOCK_DGRAM && i < image->n_messages; i++)
		if (image->messages[i]->sender_id == 0 && (image->peer != CR__UNIX_PEER__UNIX_PEER_CLOSED))
			r = check_abstract(preflight, unix_object, image->type,
					   &image->messages[i]->sender_name);
	for (size_t i = 0; r == 0 && i < image->n_clients; i++)
		r = check_abstract(preflight, unix_object, image->type, &image->clients[i]->name);
	return r;
}

/* Text for what an attempt to connect has ended with; NULL if it is for strerror(3). */
static const char *why_refused(int error, bool is_path)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return "there is no such file: is the server running?";
	case ENOTSOCK:
		return "the file there is no socket";
	case ECONNREFUSED:
		return is_path ? "no server answers there any more: the socket file is a leftover, start the "
				 "server"
			       : "no datagram socket has that name in this network namespace: is the server "
				 "running, "
				 "and in the same one?";
	case EPROTOTYPE:
		return "the socket there is not a datagram socket";
	case EACCES:
		return "no permission: run cr-restore as root";
	case EPERM:
		return "the socket there is connected to another one, and takes messages from that only";
	default:
		return NULL;
	}
}

/* Connects as it will be done in the end. 0 or an errno. */
static int probe_external(const Cr__UnixSocket *image)
{
	cleanup_close int probe = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), file_fd = -EBADF;
	struct unix_address address = {&image->peer_name, -EBADF};
	struct sockaddr_un where;
	socklen_t size;
	struct stat st;

	if (probe < 0)
		return errno;
	if (unix_name_is_path(&image->peer_name)) {
		file_fd = open(image->peer_path, O_PATH | O_CLOEXEC);
		if (file_fd < 0 || fstat(file_fd, &st) < 0)
			return errno;
		if (!S_ISSOCK(st.st_mode))
			return ENOTSOCK;
		address.file_fd = file_fd;
	}
	size = unix_address_fill(&address, &where);
	return connect(probe, (struct sockaddr *)&where, size) < 0 ? errno : 0;
}

static const Cr__ExternalUnixSocket *find_record(const struct restore *restore, const Cr__UnixSocket *image)
{
	for (size_t i = 0; i < restore->manifest->n_external_unix_sockets; i++)
		if (restore->manifest->external_unix_sockets[i]->inode == image->inode)
			return restore->manifest->external_unix_sockets[i];
	return NULL;
}

static void check_external(const struct preflight *preflight, const struct unix_object *unix_object)
{
	const Cr__UnixSocket *image = unix_object->image;
	const Cr__ExternalUnixSocket *record = find_record(preflight->restore, image);
	bool is_path = unix_name_is_path(&image->peer_name);
	char what[TEXT_SIZE], where[TEXT_SIZE], comm[128];
	struct blockers *blockers = &preflight->restore->blockers;
	const char *why;
	int error;

	if (image->peer != CR__UNIX_PEER__UNIX_PEER_EXTERNAL)
		return;
	describe(preflight, unix_object, what);
	if (is_path)
		printable(image->peer_path, where, sizeof(where));
	else
		unix_name_format(image->peer_name.data, image->peer_name.len, where, sizeof(where));
	printable(record ? record->comm : "?", comm, sizeof(comm));
	if (!preflight->restore->options->has_ext_unix_sk) {
		blockers_add(blockers,
			     "external socket is needed: %s, '%s', was connected to '%s' (datagram), outside "
			     "of what was "
			     "dumped: see to it that the server is there, and give --ext-unix-sk (-x)",
			     what, comm, where);
		return;
	}
	error = probe_external(image);
	if (error == 0)
		return;
	why = why_refused(error, is_path);
	blockers_add(blockers,
		     "external socket is missing: %s, '%s', is to be connected to '%s' (datagram): %s", what,
		     comm, where, why ? why : strerror(error));
}

/* All are open here until they are complete. */
static int check_count(const struct preflight *preflight)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return log_error_errno(-errno, "cannot read the limit of open files");
	if (unix_descriptors_count(preflight->restorer) > limit.rlim_max &&
	    !kernel_features_has_cap(&preflight->restore->features, CAP_SYS_RESOURCE))
		blockers_add(&preflight->restore->blockers,
			     "%zu unix sockets are more than the limit of open files, %ju, lets cr-restore "
			     "make (raise the "
			     "hard limit: ulimit -Hn)",
			     preflight->restorer->objects_count, (uintmax_t)limit.rlim_max);
	return 0;
}

/* Datagrams that a socket may have waiting from those that it is not connected to. */
static void check_queue(const struct preflight *preflight, const struct unix_object *unix_object)
{
	cleanup_free char *text = NULL;
	const Cr__UnixSocket *image = unix_object->image;
	char what[TEXT_SIZE];
	size_t limit;

	if (image->type != SOCK_DGRAM || unix_object->origin == UNIX_ORIGIN_PAIR || image->n_messages <= 1 ||
	    file_read_at(AT_FDCWD, "/proc/sys/net/unix/max_dgram_qlen", 64, &text, NULL) < 0)
		return;
	limit = (size_t)strtoull(text, NULL, 10) + 1;
	if (image->n_messages > limit)
		blockers_add(&preflight->restore->blockers,
			     "%s has %zu datagrams in its queue, more than is allowed here: set "
			     "net.unix.max_dgram_qlen to %zu",
			     describe(preflight, unix_object, what), image->n_messages, image->n_messages);
}

static void check_root(const struct preflight *preflight, const struct unix_object *unix_object)
{
	char what[TEXT_SIZE];

	if (unix_name_is_path(&unix_object->image->name) &&
	    !kernel_features_has_cap(&preflight->restore->features, CAP_SYS_CHROOT))
		blockers_add(&preflight->restore->blockers, "%s can be bound only with CAP_SYS_CHROOT",
			     describe(preflight, unix_object, what));
}

int unix_preflight(struct restore *restore)
{
	cleanup_(preflight_done) struct preflight preflight = {
		.restore = restore,
		.restorer = unix_restorer_of(restore),
	};
	char what[TEXT_SIZE];
	int r;

	if (!preflight.restorer)
		return 0;
	r = unix_diag_read(&preflight.diag);
	if (r < 0 && r != -ENOENT)
		return log_error_errno(r, "cannot ask about unix sockets");
	r = find_places(&preflight);
	if (r == 0)
		r = check_count(&preflight);
	for (size_t i = 0; r == 0 && i < preflight.restorer->objects_count; i++) {
		const struct unix_object *unix_object = preflight.restorer->objects[i];

		check_external(&preflight, unix_object);
		check_queue(&preflight, unix_object);
		check_root(&preflight, unix_object);
		if (unix_object->image->options)
			socket_options_preflight(restore, &socket_options_shared, unix_object->image->options,
						 describe(&preflight, unix_object, what));
		r = check_names(&preflight, unix_object);
	}
	return r;
}
