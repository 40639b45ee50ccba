/* SPDX-License-Identifier: MIT */
/* Asks for what sockets of all families have. */
#include "dumper/fd/socket_base.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "dumper/fd/socket_options.h"
#include "dumper/holders.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

int socket_place_init(struct socket_place *place, struct dump *dump, const struct process *process,
		      const struct fd_info *info, const struct open_file *file)
{
	*place = (struct socket_place){
		.process = process,
		.where = file->process ? arena_format(&dump->arena, "fd %d", info->fd)
				       : "a descriptor in a queue",
		.inode = info->stat.st_ino,
		.description = fd_info_describe(info, &dump->arena),
	};
	return place->where ? 0 : log_error_errno(-ENOMEM, "cannot note its socket");
}

int socket_place_want_holders(struct dump *dump, const struct socket_place *place)
{
	return holders_want(dump, &(struct fd_object){.type = FD_OBJECT_SOCKET, .inode = place->inode});
}

int socket_place_check_holders(struct dump *dump, const struct socket_place *place)
{
	const struct fd_object object = {.type = FD_OBJECT_SOCKET, .inode = place->inode};
	const struct fd_holder *holders = NULL;
	size_t count = 0;
	int r = holders_find(dump, &object, &holders, &count);

	if (r < 0 || count == 0)
		return r;
	SOCKET_LOG_SCOPE(place);
	blockers_add(&dump->blockers,
		     "%s is shared with %s, which is not part of the dump: end that process, dump both from "
		     "a common parent, or start the program without the descriptor",
		     place->description, holders_describe(dump, holders, count));
	return 0;
}

static uint64_t network_of(int fd)
{
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);

	return getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) < 0 ? 0 : cookie;
}

static int know_own_network(struct dump *dump)
{
	cleanup_close int fd = -EBADF;

	if (dump->is_network_known)
		return 0;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return log_error_errno(-errno, "cannot make a socket");
	dump->network = network_of(fd);
	dump->is_network_known = true;
	return 0;
}

int socket_check_network(struct dump *dump, int fd)
{
	int r = know_own_network(dump);

	if (r < 0)
		return r;
	if (network_of(fd) != dump->network)
		blockers_add(&dump->blockers,
			     "its socket belongs to another network namespace than its process, which cannot "
			     "be preserved");
	return 0;
}

bool socket_has_error(int fd)
{
	struct pollfd waiting = {.fd = fd};

	return poll(&waiting, 1, 0) == 1 && waiting.revents & POLLERR;
}

int socket_has_input(int fd, bool *ret_has_input)
{
	uint32_t info[SK_MEMINFO_VARS] = {0};
	socklen_t size = sizeof(info);

	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &size) < 0)
		return log_error_errno(-errno, "cannot ask what waits in its socket (SO_MEMINFO)");
	*ret_has_input = info[SK_MEMINFO_RMEM_ALLOC] != 0;
	return 0;
}

int socket_base_collect(struct dump *dump, const struct fd_info *info,
			const struct socket_option_table *table, Cr__SocketBase **ret_base)
{
	Cr__SocketBase *base = arena_new(&dump->arena, Cr__SocketBase);
	int r;

	if (!base)
		return log_error_errno(-ENOMEM, "cannot note its socket");
	cr__socket_base__init(base);
	base->uid = info->stat.st_uid;
	base->gid = info->stat.st_gid;
	base->type = (uint32_t)info->socket.type;
	base->protocol = (uint32_t)info->socket.protocol;
	r = socket_check_network(dump, info->our_fd);
	if (r == 0)
		r = socket_options_collect_shared(dump, info->our_fd, &base->shared_options);
	if (r == 0)
		r = socket_options_collect(dump, info->our_fd, table, &base->family_options);
	if (r == 0)
		*ret_base = base;
	return r;
}
