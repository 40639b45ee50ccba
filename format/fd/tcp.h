/* SPDX-License-Identifier: MIT */
/* What a valid stream socket is. */
#pragma once

#include "format/fd/inet_socket.h"
#include "format/fd/tcp.pb-c.h"

/* Level IPPROTO_TCP, of sockets that are closed or listening. */
extern const struct socket_option_table socket_options_tcp;

/* 0, or -EBADMSG and why in *ret_reason (static text). */
int must_check tcp_check(const Cr__TcpSocket *socket, const char **ret_reason);
