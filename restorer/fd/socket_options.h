/* SPDX-License-Identifier: MIT */
/* Sets the options of sockets. */
#pragma once

#include "format/fd/socket_options.h"
#include "restorer/restore.h"

/*
 * Adds to restore->blockers what this process may not set (network buffers beyond the limits of the host,
 * marks
 * ...). WHAT, for messages, is the socket. OPTIONS may be NULL.
 */
void socket_options_preflight(struct restore *restore, const struct socket_option_table *table,
			      const Cr__SocketOptions *options, const char *what);

/*
 * Sets those that belong before its address and its contents (SOCKET_OPTION_EARLY) on the new socket FD, or
 * those that belong behind (the others, and the filter). OPTIONS may be NULL. Logs.
 */
int must_check socket_options_apply_early(int fd, const struct socket_option_table *table,
					  const Cr__SocketOptions *options);
int must_check socket_options_apply_late(int fd, const struct socket_option_table *table,
					 const Cr__SocketOptions *options);

/*
 * Lets nothing into the new socket FD until socket_options_apply_late() gives it its own filter, or none.
 * Logs.
 */
int must_check socket_filter_deny(int fd);

/*
 * Gives the buffer NUMBER, SO_SNDBUF or SO_RCVBUF, of FD a size in bytes as getsockopt(2) tells it, which is
 * the double of what is set. -EPERM: it is beyond the limit of the host, and this process lacks
 * CAP_NET_ADMIN. Silent.
 */
int must_check socket_buffer_set(int fd, int number, int32_t size);
