/* SPDX-License-Identifier: MIT */
/* What valid sockets without ports are. */
#pragma once

#include "format/fd/inet_socket.h"
#include "format/fd/raw.pb-c.h"

/* Levels IPPROTO_RAW and IPPROTO_ICMPV6, and what of the levels of IP is there on raw sockets only. */
extern const struct socket_option_table socket_options_raw;

/* It is for echo requests (SOCK_DGRAM with IPPROTO_ICMP or IPPROTO_ICMPV6), which are not privileged. */
bool raw_is_ping(const Cr__InetSocket *socket);

/* 0, or -EBADMSG and why in *ret_reason (static text). */
int must_check raw_check(const Cr__RawSocket *socket, const char **ret_reason);
