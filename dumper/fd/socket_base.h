/* SPDX-License-Identifier: MIT */
/* What kinds of sockets of all families share at dump. */
#pragma once

#include "common/log.h"
#include "dumper/fd/fd_dumper.h"
#include "format/fd/socket_base.h"

/* Where a socket of the tree is, for messages; in the arena. */
struct socket_place {
	const struct process *process; /* who has it; or whose queue it is in */
	const char *where;             /* "fd 7" */
	uint64_t inode;
	const char *description; /* "UDP socket 4711 127.0.0.1:53" */
};

/* The scopes of messages about a socket: where it is. */
#define SOCKET_LOG_SCOPE(place)                                                                              \
	LOG_SCOPE("pid %d (%s): %s", (int)(place)->process->pidref.pid, (place)->process->status.name,       \
		  (place)->where)

int must_check socket_place_init(struct socket_place *place, struct dump *dump, const struct process *process,
				 const struct fd_info *info, const struct open_file *file);

/* Says that outside holders are to be looked for; adds a blocker if there are any, when all are known. */
int must_check socket_place_want_holders(struct dump *dump, const struct socket_place *place);
int must_check socket_place_check_holders(struct dump *dump, const struct socket_place *place);

/* Adds a blocker if the socket belongs to another network than its process, where it stays for ever. */
int must_check socket_check_network(struct dump *dump, int fd);

/* Whether an error waits to be told, or is in its queue of errors. */
bool socket_has_error(int fd);

/* Whether anything waits to be received. Logs. */
int must_check socket_has_input(int fd, bool *ret_has_input);

/* All of the message, and what every kind of socket has to see to; the socket's family has TABLE. */
int must_check socket_base_collect(struct dump *dump, const struct fd_info *info,
				   const struct socket_option_table *table, Cr__SocketBase **ret_base);
