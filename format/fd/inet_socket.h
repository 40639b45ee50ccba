/* SPDX-License-Identifier: MIT */
/* What valid addresses, memberships and options of internet sockets are. */
#pragma once

#include "common/inet_address.h"
#include "format/fd/inet_socket.pb-c.h"
#include "format/fd/socket_options.h"

/* The kernel allows 20 groups a socket unless told otherwise (igmp_max_memberships), and 10 sources a group.
 */
#define INET_MEMBERSHIPS_MAX 65536
#define INET_SOURCES_MAX 65536
#define INET_INTERFACE_SIZE 16 /* IFNAMSIZ, with the final 0 */

/* Bits of InetSocket.shutdown */
#define INET_SHUTDOWN_RECEIVE 1U
#define INET_SHUTDOWN_SEND 2U

/* Levels IPPROTO_IP, IPPROTO_IPV6; IPPROTO_UDP and IPPROTO_UDPLITE. */
extern const struct socket_option_table socket_options_ip;
extern const struct socket_option_table socket_options_ipv6;
extern const struct socket_option_table socket_options_udp;

/*
 * 0, or -EBADMSG and why in *ret_reason (static text). PROTOCOL_TABLE is that of protocol_options. Type and
 * protocol are the kind's to check.
 */
int must_check inet_socket_check(const Cr__InetSocket *socket,
				 const struct socket_option_table *protocol_table, const char **ret_reason);

/* The same for an address by itself; FAMILY is that of its socket. */
int must_check inet_image_check(const Cr__InetAddress *image, int family, const char **ret_reason);

/* A valid address, without its interface. */
struct inet_address inet_image_address(const Cr__InetAddress *image);
