/* SPDX-License-Identifier: MIT */
/* What a valid netlink socket is. */
#pragma once

#include "format/fd/netlink.pb-c.h"
#include "format/fd/socket_options.h"

/* Generic netlink has as many groups as its families want, some dozens. */
#define NETLINK_GROUP_MAX 65536U

/* Level SOL_NETLINK. */
extern const struct socket_option_table socket_options_netlink;

/* 0, or -EBADMSG and why in *ret_reason (static text). */
int must_check netlink_check(const Cr__NetlinkSocket *socket, const char **ret_reason);
