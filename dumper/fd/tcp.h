/* SPDX-License-Identifier: MIT */
/* Stream sockets at dump: what the files of this kind share. */
#pragma once

#include "dumper/fd/inet_socket.h"
#include "format/fd/tcp.h"

/* A socket of the tree, in the arena. */
struct tcp_entry {
	struct inet_entry inet;
	Cr__TcpSocket *image;
	uint8_t state;                       /* as in <netinet/tcp.h> */
	const struct inet_diag_socket *diag; /* NULL: without any port */
};

/* The state of the kind. */
struct tcp_sockets {
	struct inet_diag diag; /* all of this network */
	struct tcp_entry **entries;
	size_t entries_count, entries_capacity;
};

/* NULL: there are none. */
static inline struct tcp_sockets *tcp_sockets_of(const struct dump *dump)
{
	return dump->fd_kind_states[FD_KIND_tcp];
}

/* Which connections it has, for a person: "127.0.0.1:80 to 127.0.0.1:4711", in the arena. Never NULL. */
const char *tcp_describe_connection(struct dump *dump, const struct inet_diag_socket *diag);

/*
 * Who has the other end of a connection: " (whose other end is 'curl' (pid 12, fd 5))", in the arena, or "".
 * Inodes of all ends must have been given to holders_want(). NULL after an error, logged.
 */
const char *tcp_describe_peer(struct dump *dump, const struct inet_diag_socket *diag);

/* tcp_backlog.c: connections that wait to be accepted are blockers, or left out with --skip-in-flight. */
int must_check tcp_backlog_check(struct dump *dump, const struct tcp_entry *entry);
