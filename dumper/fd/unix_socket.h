/* SPDX-License-Identifier: MIT */
/*
 * Unix sockets at dump: what the files of this kind share.
 *
 * unix_socket.c is the kind; unix_name.c finds where a socket is bound, unix_queue.c reads what waits in it,
 * unix_graph.c finds out whether all sockets make a whole, unix_waiting.c who waits to be accepted,
 * unix_external.c what stays outside by consent; unix_kernel.c looks at what no call can.
 */
#pragma once

#include "common/log.h"
#include "common/netlink/unix_diag.h"
#include "dumper/fd/fd_dumper.h"
#include "dumper/fd/option_guard.h"
#include "format/fd/unix_socket.h"

/* One socket of the tree, in the arena. */
struct unix_entry {
	struct open_file *file;
	Cr__UnixSocket *image;
	const struct unix_diag_socket *diag;
	const struct process *process; /* who has it; or whose queue it is in */
	int fd;                        /* its number there, or that of the socket whose queue it is in */
	bool is_in_queue;
	struct unix_entry *waits_for;        /* of one that was not accepted yet, and has sent something */
	size_t waits_at;                     /* the how manieth it is there */
	bool is_behind_error;                /* its queue, which no call can look at */
	bool is_read_in_kernel;              /* what it has sent, or has to receive */
	struct kernel_unix_message *waiting; /* of one that listens: its queue, if it was looked at; owned */
	size_t waiting_count;
	bool is_external;      /* it leads outside, and the user wants it to be inherited */
	uint64_t fds_in_queue; /* descriptors that messages in its queue bring */
};

/* The state of the kind. */
struct unix_sockets {
	struct unix_diag diag;
	uint64_t namespace_cookie; /* SO_NETNS_COOKIE of our own sockets; 0: this kernel does not tell */
	struct unix_entry **entries;
	size_t entries_count, entries_capacity;
	struct id_map by_inode;                /* index in entries + 1 */
	const struct unix_diag_socket **named; /* for unix_name.c: those with names, in its order */
	size_t named_count;
	size_t read_count; /* entries whose queue has been looked at */
	bool is_reading;
	struct option_guard *guard; /* NULL: not needed yet */
	unsigned char *buffer;      /* for unix_queue.c; NULL: not needed yet */
	size_t buffer_size;
	struct kernel_unix *kernel;            /* NULL: not needed yet */
	struct id_map by_file;                 /* the kernel's address of an open file: its id; if needed */
	struct kernel_sockets *kernel_sockets; /* NULL: SO_INQ is told, or is not to be had */
	struct unix_options *options;          /* unix_options.h */
};

/* NULL: there are none. */
static inline struct unix_sockets *unix_sockets_of(const struct dump *dump)
{
	return dump->fd_kind_states[FD_KIND_unix_socket];
}

/* The socket of the tree with that inode; NULL: there is none. */
struct unix_entry *unix_entry_find(const struct unix_sockets *sockets, uint32_t inode);

/* "unix datagram socket 4711 '/run/x'", in the arena. Never NULL. */
const char *unix_describe(struct dump *dump, const struct unix_diag_socket *socket);

/* For a message: "held by 'x' (pid 1, fd 2)", of a socket outside; in the arena. */
int must_check unix_describe_holders(struct dump *dump, uint32_t inode, const char **ret_text);

/* "'@name'", "'/path'", or "(unnamed)", in the arena. Never NULL. */
const char *unix_describe_name(struct dump *dump, const void *name, size_t name_size);

/* The scopes of messages about a socket: where it is. */
#define UNIX_LOG_SCOPE(entry)                                                                                \
	LOG_SCOPE("pid %d (%s): %s %d", (int)(entry)->process->pidref.pid, (entry)->process->status.name,    \
		  (entry)->is_in_queue ? "in the queue of fd" : "fd", (entry)->fd)

/*
 * unix_name.c: name, file, and whether the name came by accept(2). OUR_FD leads to the socket. Adds blockers.
 */
int must_check unix_name_collect(struct dump *dump, struct unix_entry *entry, int our_fd);

/* The socket file that the socket OUR_FD is bound to, with O_PATH, also if it was removed. -EPERM without
 * CAP_NET_ADMIN. Silent. */
int must_check unix_open_file(int our_fd);

/*
 * unix_queue.c: the messages that wait in it, and the descriptors in them, which become open files of the
 * dump. Nothing is taken out. Adds blockers.
 */
int must_check unix_queue_collect(struct dump *dump, struct unix_entry *entry, int our_fd);
/*
 * When all open files are known: who looks at a queue behind an error is told of that, and with that it is
 * gone. So the kernel's memory is read, where descriptors are told by what the tree has of them.
 */
int must_check unix_queue_check(struct dump *dump, struct unix_entry *entry);
int must_check unix_queue_write(struct dump *dump, const struct unix_entry *entry, int our_fd);

/*
 * unix_kernel.c: what ENTRY has sent, if it waits to be accepted (waits_for), and else what waits in it,
 * where no call can look at that. 1: it cannot be had, and *ret_why says why, in the arena.
 */
int must_check unix_kernel_collect(struct dump *dump, struct unix_entry *entry, const char **ret_why);
/* The same of who waits for ENTRY at POSITION: for whom it is taken, and, if it was closed, what it has sent.
 */
int must_check unix_kernel_collect_client(struct dump *dump, struct unix_entry *entry, size_t position,
					  Cr__UnixClient *image, const char **ret_why);
int must_check unix_kernel_write(struct dump *dump, const struct unix_entry *entry);

/*
 * unix_detail.c: tells programs about the blocker that was added last: ENTRY, what is at its other end, and
 * who outside holds HELD. REASON is static, OPTION borrowed or NULL.
 */
int must_check unix_detail(struct dump *dump, const struct unix_entry *entry, const char *reason,
			   const char *option, uint32_t peer_inode, uint32_t held);

/* unix_graph.c: what the kind wants to be looked for, and its check. */
int must_check unix_graph_want(struct dump *dump);
int must_check unix_graph_check(struct dump *dump);

/* unix_waiting.c: those that wait to be accepted by ENTRY, which listens. Adds blockers. */
int must_check unix_waiting_check(struct dump *dump, struct unix_entry *entry);

/* unix_senders.c: who sent what waits in the queues, once it is known who is connected to whom. Adds
 * blockers. */
int must_check unix_senders_check(struct dump *dump);

/* unix_external.c: ENTRY is a datagram socket whose peer is outside: noted in the manifest, or a blocker. */
int must_check unix_external_check(struct dump *dump, struct unix_entry *entry);
