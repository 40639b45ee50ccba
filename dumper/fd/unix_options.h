/* SPDX-License-Identifier: MIT */
/*
 * Which options unix sockets have. Most have those of a new socket. When there are many, that is seen by one
 * look at each in the kernel's memory, where that may be read, instead of some fifty getsockopt(2).
 */
#pragma once

#include "common/kernel_socket.h"
#include "dumper/dump.h"
#include "format/fd/socket_options.pb-c.h"

struct unix_options;

/* Where the kernel keeps SO_INQ, which can be set, but not asked for. */
#define UNIX_INQ_MEMBER "unix_sock.recvmsg_inq"

/* KERNEL_SOCKETS, which may be NULL, is borrowed. NULL if memory is short. */
struct unix_options *unix_options_new(struct kernel_sockets *kernel_sockets);
void unix_options_free(struct unix_options *options);

/*
 * As socket_options_collect_shared(); several sockets may get the same message. TYPE is that of FD:
 * SOCK_STREAM
 * ... Returns 1 if SO_INQ was seen as well, and is not set.
 */
int must_check unix_options_collect(struct dump *dump, struct unix_options *options, int fd, int type,
				    Cr__SocketOptions **ret_options);
