/* SPDX-License-Identifier: MIT */
/* What the kinds of internet sockets share at restore. */
#pragma once

#include "common/netlink/inet_diag.h"
#include "format/fd/inet_socket.h"
#include "restorer/fd/fd_restorer.h"

/* "UDP socket 127.0.0.1:53 (open file 7)". Returns BUFFER. */
#define INET_DESCRIPTION_SIZE 160
const char *inet_socket_describe(const struct object *object, const Cr__InetSocket *socket,
				 char buffer[INET_DESCRIPTION_SIZE]);

/* -ENODEV: its interface is not there. Silent. */
int must_check inet_image_to_address(const Cr__InetAddress *image, struct inet_address *ret_address);

/*
 * inet_preflight.c: adds to restore->blockers what speaks against such a socket: options, interfaces that are
 * not there, an address that is not this host's, no way to the peer; and, if DIAG is not NULL, a port that is
 * taken. DIAG holds the sockets of its protocol that are there now.
 */
int must_check inet_socket_preflight(struct restore *restore, const struct object *object,
				     const Cr__InetSocket *socket,
				     const struct socket_option_table *protocol_table,
				     const struct inet_diag *diag);

/* Who has the socket INODE, for a message: "'named' (pid 12, fd 5)". Logs. */
#define INET_HOLDER_TEXT_SIZE 192
int must_check inet_socket_describe_holder(uint64_t inode, char text[INET_HOLDER_TEXT_SIZE]);

/* Whether a socket with these addresses can meet packets, or a bind(2), of that one: by port and address. */
bool inet_socket_overlaps(const Cr__InetSocket *socket, const struct inet_diag_socket *other);

/*
 * A new socket, O_CLOEXEC, with its owner and the options that belong before its address. SO_REUSEADDR is on:
 * that only sockets of the program share a port the preflight has seen. Logs.
 */
int must_check inet_socket_new(const Cr__InetSocket *socket, const struct socket_option_table *protocol_table,
			       int *ret_fd);

/* Gives it the local address, if it has one. Logs. */
int must_check inet_socket_bind(const Cr__InetSocket *socket, int fd);

/* All other options, and the groups. Logs. */
int must_check inet_socket_set_options(const Cr__InetSocket *socket,
				       const struct socket_option_table *protocol_table, int fd);

/* Connects it, if it was, and shuts it down. Logs. */
int must_check inet_socket_connect(const Cr__InetSocket *socket, int fd);
