/* SPDX-License-Identifier: MIT */
/* Makes sockets of all families. */
#include "restorer/fd/socket_base.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "restorer/fd/socket_options.h"

void socket_owner_preflight(struct restore *restore, uint32_t uid, uint32_t gid, const char *name)
{
	if ((uid != getuid() || gid != getgid()) && !kernel_features_has_cap(&restore->features, CAP_CHOWN))
		blockers_add(&restore->blockers,
			     "%s belongs to user %u, group %u: run cr-restore with CAP_CHOWN", name, uid,
			     gid);
}

void socket_base_preflight(struct restore *restore, const Cr__SocketBase *base,
			   const struct socket_option_table *table, const char *name)
{
	socket_options_preflight(restore, &socket_options_shared, base->shared_options, name);
	socket_options_preflight(restore, table, base->family_options, name);
	socket_owner_preflight(restore, base->uid, base->gid, name);
}

int socket_base_new(const Cr__SocketBase *base, int family, const struct socket_option_table *table,
		    int *ret_fd)
{
	cleanup_close int fd = socket(family, (int)base->type | SOCK_CLOEXEC, (int)base->protocol);
	int r;

	if (fd < 0)
		return log_error_errno(-errno, "cannot make a socket of family %d, type %u, protocol %u",
				       family, base->type, base->protocol);
	if (fchown(fd, base->uid, base->gid) < 0)
		return log_error_errno(-errno, "cannot make user %u the owner of its socket", base->uid);
	r = socket_filter_deny(fd);
	if (r == 0)
		r = socket_options_apply_early(fd, table, base->family_options);
	if (r == 0)
		r = socket_options_apply_early(fd, &socket_options_shared, base->shared_options);
	if (r < 0)
		return r;
	*ret_fd = take_fd(&fd);
	return 0;
}

int socket_base_set_options(const Cr__SocketBase *base, const struct socket_option_table *table, int fd)
{
	int r = socket_options_apply_late(fd, table, base->family_options);

	return r < 0 ? r : socket_options_apply_late(fd, &socket_options_shared, base->shared_options);
}
