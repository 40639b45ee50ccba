/* SPDX-License-Identifier: MIT */
/* What the kinds of internet sockets share at dump. */
#pragma once

#include "common/inet_address.h"
#include "common/log.h"
#include "common/netlink/inet_diag.h"
#include "dumper/fd/fd_dumper.h"
#include "format/fd/inet_socket.h"

/* A socket of the tree, in the arena. */
struct inet_entry {
	const struct process *process; /* who has it; or whose queue it is in */
	const char *where;             /* "fd 7" */
	uint64_t inode;
	const char *description; /* "UDP socket 4711 127.0.0.1:53" */
	Cr__InetSocket *image;
};

/* The scopes of messages about a socket: where it is. */
#define INET_LOG_SCOPE(entry)                                                                                \
	LOG_SCOPE("pid %d (%s): %s", (int)(entry)->process->pidref.pid, (entry)->process->status.name,       \
		  (entry)->where)

/*
 * Fills in ENTRY, and makes its image: addresses, options of the four levels, groups, owner; not what only
 * sock_diag tells. Says that outside holders are to be looked for. What cannot be preserved whatever the
 * protocol becomes a blocker.
 */
int must_check inet_socket_collect(struct dump *dump, const struct process *process,
				   const struct fd_info *info, const struct open_file *file,
				   const struct socket_option_table *protocol_table,
				   struct inet_entry *entry);

/*
 * Whether the socket has an error to tell, which then is a blocker. To be asked before anything is received:
 * that would take it away.
 */
bool inet_socket_has_error(struct dump *dump, int fd);

/* What a socket without connections is shut down for, where sock_diag does not tell: for sending alone cannot
 * be asked. */
uint32_t inet_socket_shutdown(int fd);

/* Adds a blocker if a process outside has the socket as well. */
int must_check inet_socket_check_holders(struct dump *dump, const struct inet_entry *entry);

/* inet_groups.c: image->memberships, of any but a TCP socket. */
int must_check inet_groups_collect(struct dump *dump, int fd, Cr__InetSocket *image);

/* An address as a message, in the arena; NULL: memory is short, or its interface has gone. */
Cr__InetAddress *inet_image_new(struct arena *arena, const struct inet_address *address);
