/* SPDX-License-Identifier: MIT */
/* What a valid stream socket is. */
#pragma once

#include "format/fd/inet_socket.h"
#include "format/fd/tcp.pb-c.h"

/* Of bytes that wait in one direction: no window is larger. */
#define TCP_QUEUE_SIZE_MAX (1U << 30)
#define TCP_WINDOW_SCALE_MAX 14
/* Of connections that wait to be accepted by one socket. */
#define TCP_WAITING_MAX 1000000

/* Level IPPROTO_TCP. */
extern const struct socket_option_table socket_options_tcp;

/* Whether the end of the stream (FIN) has come from the other side, or been sent or queued, in STATE. */
bool tcp_has_received_end(uint32_t state);
bool tcp_has_sent_end(uint32_t state);

/* Bytes of the member fd/tcp/ID of a valid socket. */
uint64_t tcp_contents_size(const Cr__TcpSocket *socket);

/* 0, or -EBADMSG and why in *ret_reason (static text). */
int must_check tcp_check(const Cr__TcpSocket *socket, const char **ret_reason);
