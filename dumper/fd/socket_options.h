/* SPDX-License-Identifier: MIT */
/* The options of sockets, asked for on a descriptor of our own: nothing changes. */
#pragma once

#include "dumper/dump.h"
#include "format/fd/socket_options.h"

/*
 * The options of TABLE that the socket FD has other than a new one, in dump->arena; NULL if there are none.
 * Options that this kernel or this kind of socket does not know are passed over. Logs.
 */
int must_check socket_options_collect(struct dump *dump, int fd, const struct socket_option_table *table,
				      Cr__SocketOptions **ret_options);

/* Adds an option of 4 bytes, of the shared table, that was found out otherwise. Logs. */
int must_check socket_options_add_int(struct dump *dump, int number, int32_t value,
				      Cr__SocketOptions **options);

/*
 * The same for the shared table, with the filter (SO_ATTACH_FILTER). An eBPF program, which cannot be read,
 * is a blocker.
 */
int must_check socket_options_collect_shared(struct dump *dump, int fd, Cr__SocketOptions **ret_options);
