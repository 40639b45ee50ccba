/* SPDX-License-Identifier: MIT */
/*
 * Unix sockets at restore: what the files of this kind share.
 *
 * unix_socket.c is the kind; unix_plan.c decides how each socket is to be made, unix_preflight.c looks
 * whether this host lets it, unix_make.c makes all of them before the first is given to a task, by means of
 * unix_act.c (who does it) and unix_bind.c (under which name); unix_fill.c fills their queues, and
 * unix_finish.c connects what is connected last and lets others find them.
 *
 * Nobody else may find a socket before it is complete, or a client from outside would come between those of
 * the archive. So sockets with a path are bound in a folder that nobody knows of, and moved to their place at
 * the end.
 */
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include "format/fd/unix_socket.h"
#include "restorer/fd/fd_restorer.h"

/* Descriptors that this process needs besides those of sockets. */
#define UNIX_OTHER_DESCRIPTORS 512

/* Where a socket can be reached. */
struct unix_address {
	const ProtobufCBinaryData *name; /* abstract, if FILE_FD is none */
	int file_fd;                     /* its socket file, with O_PATH; -EBADF */
};

enum unix_origin {
	UNIX_ORIGIN_SOCKET,   /* socket(2) */
	UNIX_ORIGIN_PAIR,     /* socketpair(2) */
	UNIX_ORIGIN_CLIENT,   /* connect(2) */
	UNIX_ORIGIN_ACCEPTED, /* accept(2) */
};

/* A socket to be restored: object->state. */
struct unix_object {
	uint32_t id;           /* of its open file */
	struct object *object; /* since unix_plan() */
	const Cr__UnixSocket *image;
	enum unix_origin origin;
	struct unix_object *
		partner; /* what it is made together with; NULL: with a socket that is of use for that only */
	struct unix_object *listener; /* CLIENT, ACCEPTED: by whom; NULL: one that is of use for that only */
	struct unix_object *peer;     /* UNIX_PEER_INSIDE */
	int fd;                       /* ours, until all is finished */
	int file_fd;                  /* of the file that it is bound to, with O_PATH */
	int partner_fd;               /* ours, of a partner that is not in the archive */
	int partner_file_fd;          /* of the file that this one is bound to */
	int *gone_fds;                /* ours: of each client that has gone, until it has sent what it had
				       * sent; -EBADF; NULL: there is none */
	struct unix_jail
		*jail; /* where its file is until it is complete; NULL: it is in its place, or has none */
	bool is_for_others; /* waits in the queue of a listening socket that has been found */
	bool is_connected;  /* CLIENT, ACCEPTED: it has been dealt with */
	bool has_room;      /* its send buffer has been made large for a while */
	bool has_messages;  /* its queue has been filled */
	bool is_sought;     /* one is connected to it that it is not connected to */
	size_t rivals; /* datagram sockets that are to be connected to it before it is connected to another */
};

/* A socket that is needed for a while, under a name. */
struct unix_helper {
	uint32_t type;
	const ProtobufCBinaryData *name; /* borrowed from an image */
	int fd, file_fd;
};

/* A folder in which sockets are bound. */
struct unix_jail {
	char *directory; /* where it is */
	char name[48];
	int directory_fd; /* O_PATH */
	int fd;
	struct unix_jail *next;
};

/* The state of the kind. */
struct unix_restorer {
	struct unix_object **objects; /* in the order of the archive */
	size_t objects_count, objects_capacity;
	struct unix_helper *helpers;
	size_t helpers_count, helpers_capacity;
	struct unix_jail *jails;
	unsigned jails_count;
};

extern const struct fd_restorer unix_socket_fd_restorer;

/* NULL: there are none. */
static inline struct unix_restorer *unix_restorer_of(const struct restore *restore)
{
	return restore->fd_kind_states[FD_KIND_unix_socket];
}

/* The unix socket that has this id; NULL: none has. */
struct unix_object *unix_object_find(struct restore *restore, uint32_t id);

/* "unix datagram socket '/run/x' of open file 7"; returns BUFFER. */
const char *unix_object_describe(const struct unix_object *unix_object, char *buffer, size_t size);
#define UNIX_DESCRIPTION_SIZE 512

static inline struct unix_address unix_object_address(const struct unix_object *unix_object)
{
	return (struct unix_address){&unix_object->image->name, unix_object->file_fd};
}

/* A datagram socket that was made by socketpair(2), and is not connected to the other end any more. */
static inline bool unix_object_has_turned(const struct unix_object *unix_object)
{
	return unix_object->origin == UNIX_ORIGIN_PAIR && unix_object->image->type == SOCK_DGRAM &&
	       unix_object->image->peer != CR__UNIX_PEER__UNIX_PEER_CLOSED &&
	       (!unix_object->peer || unix_object->peer != unix_object->partner);
}

/* For bind(2), connect(2) and sendto(2) in this process, or one that has FILE_FD under the same number. */
socklen_t unix_address_fill(const struct unix_address *address, struct sockaddr_un *ret_address);

/* unix_plan.c: once all images are read. -EBADMSG, logged, if the sockets are no whole. */
int must_check unix_plan(struct restore *restore);

/* unix_preflight.c */
int must_check unix_preflight(struct restore *restore);

/* What this process needs for making all of them. */
size_t unix_descriptors_count(const struct unix_restorer *restorer);

/* Clients that have gone again go now. */
void unix_object_let_go(struct unix_object *unix_object);

/* unix_make.c: all sockets, their names, and the connections of stream and seqpacket sockets. */
int must_check unix_make(struct restore *restore);

/* unix_fill.c: the queue of one, from the open member of the archive; and that of one whose messages have no
 * bytes. */
int must_check unix_fill(struct restore *restore, struct unix_object *unix_object);
int must_check unix_fill_empty(struct restore *restore, struct unix_object *unix_object);

/* unix_finish.c: what comes when the queues are full. */
int must_check unix_finish(struct restore *restore);

/* Has the socket its error, if it waits to be told, by an end that closes with something unread, or turns
 * away; while it is connected to that. */
int must_check unix_object_make_error(const struct unix_object *unix_object);

/* unix_act.c: calls of which the kernel notes who makes them. */
enum unix_act {
	UNIX_ACT_PAIR,
	UNIX_ACT_LISTEN,
	UNIX_ACT_CONNECT,
	UNIX_ACT_SEND,
};

struct unix_operation {
	enum unix_act act;
	const Cr__UnixCredentials *credentials; /* who is to make it; NULL: whoever */
	uint32_t type;                          /* PAIR */
	int fd;                                 /* LISTEN, CONNECT, SEND; ours */
	int backlog;                            /* LISTEN */
	struct unix_address address;            /* CONNECT */
	const struct msghdr *message;           /* SEND, which takes the rights to send as somebody else */
	int ret_fds[2];                         /* PAIR; ours */
};

/*
 * Makes all calls, in order, each as the process that its credentials name: a task of the tree, or else one
 * that exists for as long as it takes. Of that one the process id may be taken, which a notice tells then.
 * Logs.
 */
int must_check unix_operations_run(struct restore *restore, struct unix_operation *operations, size_t count);

/* unix_bind.c: a socket to be bound to a path. */
struct unix_binding {
	int fd;
	const ProtobufCBinaryData *name;
	const char *place; /* where its file is to be moved later; NULL: nowhere, it is removed at once */
	uint32_t number;   /* unique among all, its name until then */
	struct unix_jail *jail; /* result, if PLACE is given */
	int file_fd;            /* result */
};

int must_check unix_bind_paths(struct restore *restore, struct unix_binding *bindings, size_t count);
int must_check unix_bind_abstract(int fd, const ProtobufCBinaryData *name);

/* Moves the file of a socket to its place, over a dead socket file if need be, with its mode and owner. */
int must_check unix_publish(struct unix_object *unix_object);

void unix_jails_done(struct unix_restorer *restorer);

/* unix_preflight.c: whether a socket that somebody has answers at FD, a socket file opened with O_PATH. */
int must_check unix_file_is_alive(int file_fd);
