/* SPDX-License-Identifier: MIT */
/* What is valid of sockets that are neither unix(7) sockets nor of the internet. */
#pragma once

#include "format/fd/socket_base.pb-c.h"
#include "format/fd/socket_options.h"

/*
 * 0, or -EBADMSG and why in *ret_reason (static text). BASE may be NULL, which is not valid. TABLE is that of
 * family_options. Type and protocol are the kind's to check.
 */
int must_check socket_base_check(const Cr__SocketBase *base, const struct socket_option_table *table,
				 const char **ret_reason);
