/* SPDX-License-Identifier: MIT */
/* What kinds of sockets of all families share at restore. */
#pragma once

#include "format/fd/socket_base.h"
#include "restorer/fd/fd_restorer.h"

/* Adds to restore->blockers what speaks against the options and the owner of a socket. NAME is for messages.
 */
void socket_base_preflight(struct restore *restore, const Cr__SocketBase *base,
			   const struct socket_option_table *table, const char *name);
/* Of a socket of any family: that it is to belong to another user. */
void socket_owner_preflight(struct restore *restore, uint32_t uid, uint32_t gid, const char *name);

/*
 * A new socket of FAMILY, O_CLOEXEC, with its owner and early options, into which nothing gets until
 * socket_base_set_options(). Logs.
 */
int must_check socket_base_new(const Cr__SocketBase *base, int family,
			       const struct socket_option_table *table, int *ret_fd);

/* All other options. Logs. */
int must_check socket_base_set_options(const Cr__SocketBase *base, const struct socket_option_table *table,
				       int fd);
