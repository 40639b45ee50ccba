/* SPDX-License-Identifier: MIT */
/* What a valid vsock socket is. */
#pragma once

#include "format/fd/socket_options.h"
#include "format/fd/vsock.pb-c.h"

/* Level AF_VSOCK. */
extern const struct socket_option_table socket_options_vsock;

/* 0, or -EBADMSG and why in *ret_reason (static text). */
int must_check vsock_check(const Cr__VsockSocket *socket, const char **ret_reason);
