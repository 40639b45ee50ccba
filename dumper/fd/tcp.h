/* SPDX-License-Identifier: MIT */
/* Stream sockets at dump: what the files of this kind share. */
#pragma once

#include <netinet/tcp.h>

#include "common/accept_queue.h"
#include "dumper/fd/inet_socket.h"
#include "dumper/fd/option_guard.h"
#include "format/fd/tcp.h"

/* A socket of the tree, in the arena. */
struct tcp_entry {
	struct inet_entry inet;
	struct open_file *file; /* borrowed from dump->open_files */
	Cr__TcpSocket *image;
	uint8_t state;                       /* as in <netinet/tcp.h> */
	bool was_connected;                  /* of a closed one */
	const struct inet_diag_socket *diag; /* NULL: without any port */
	struct tcp_entry *peer;              /* the other end, if it is of the tree too */
	struct waiting_connection *waiting;  /* the other end, if nobody has accepted it; of a queue below */
	struct waiting_connection **gone;    /* of a listening one: of image->gone; in the arena */
	unsigned char *contents;             /* owned: of what it has to receive, and then to send */
};

/* The state of the kind. */
struct tcp_sockets {
	struct inet_diag diag; /* all of this network */
	struct tcp_entry **entries;
	size_t entries_count, entries_capacity;
	struct id_map shared_ports;          /* those that were tried: 1 if it is one, else 0 */
	struct id_map by_inode;              /* index in entries */
	struct accept_queues *accept_queues; /* NULL: not needed yet */
	struct accept_queue *queues;         /* of listening sockets */
	size_t queues_count, queues_capacity;
	struct kernel_sockets *kernel; /* NULL: not needed yet, */
	bool is_kernel_closed;         /* or it may not be seen */
	struct option_guard *guard;    /* NULL: not needed yet */
	struct tcp_silence *silence;
	struct tcp_lock *lock; /* NULL: nothing is held back */
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

/* It is connected, about to be, or only half closed. */
bool tcp_is_connection(const struct tcp_entry *entry);

/* The entry of the socket with that inode; NULL: there is none. */
struct tcp_entry *tcp_find_entry(const struct tcp_sockets *sockets, uint64_t inode);

/* The other end is of the tree too, or waits there to be accepted. */
static inline bool tcp_is_inside(const struct tcp_entry *entry)
{
	return entry->peer || entry->waiting;
}

/*
 * tcp_backlog.c: connections that wait to be accepted are kept with --tcp-established, if their other ends
 * are of the tree, left out with --skip-in-flight, or else blockers.
 */
int must_check tcp_backlog_check(struct dump *dump, struct tcp_entry *entry);
/* Takes what has come over them to what their other ends, which have been read before, have to send. */
int must_check tcp_backlog_read(struct dump *dump);
void tcp_backlog_done(struct tcp_sockets *sockets);

/*
 * tcp_connection.c: reads numbers, queues and options of all that are connected or were, by TCP_REPAIR, which
 * is switched off again. What cannot be preserved is a blocker.
 */
int must_check tcp_connections_read(struct dump *dump);

/*
 * tcp_error.c: image->connection->error of one that was connected. Of others, an error that has not been told
 * to the program is a blocker.
 */
int must_check tcp_collect_error(struct dump *dump, struct tcp_entry *entry, int fd);

/* tcp_urgent.c: urgent data that is under way is a blocker. Needs sockets->guard. Silent. */
int must_check tcp_urgent_check(struct dump *dump, const struct tcp_entry *entry, int fd);

/* Notes in GUARD how FD, of ENTRY and not in TCP_REPAIR mode yet, comes out of it again. */
#define TCP_REPAIR_NOTES 3 /* so many options */
int must_check tcp_repair_note(struct option_guard *guard, const struct tcp_entry *entry, int fd);

/* The state and what follows from it, anew. Logs. */
int must_check tcp_read_state(struct dump *dump, struct tcp_entry *entry, int fd, struct tcp_info *ret_info);

/*
 * tcp_silence.c: sockets that say nothing more when they are closed, in TCP_REPAIR mode. Undone by
 * tcp_silence_free() and, if we are killed, by somebody else, unless tcp_silence_keep() was called.
 */
int must_check tcp_silence_new(struct dump *dump, struct tcp_silence **ret_silence);
void tcp_silence_keep(struct tcp_silence *silence);
void tcp_silence_free(struct tcp_silence *silence);

/*
 * tcp_lock.c: holds back the packets of connections to others, if they are to be kept and the tree is not to
 * run on. That this cannot be done is a blocker. It ends with tcp_lock_free(), or with this process.
 */
int must_check tcp_lock_begin(struct dump *dump);
/* When the tree has been ended or stopped: it goes on until it is restored. Logs. */
int must_check tcp_lock_leave(struct dump *dump);
void tcp_lock_free(struct tcp_lock *lock);
