/* SPDX-License-Identifier: MIT */
/*
 * A port that was chosen by connect(2), and not by bind(2), is one from which others may connect too, if they
 * connect elsewhere. No call tells that of a port.
 */
#pragma once

#include <stdbool.h>

#include "common/compiler.h"

/* Newer than the headers that this may be built with; the last port in the upper half. */
#define CR_IP_LOCAL_PORT_RANGE 51
#define TCP_PORT_RANGE_OF(port) ((uint32_t)(port) << 16 | (uint32_t)(port))

/*
 * Tries whether connect(2) can choose the port now, in the network namespace of this thread, by a socket of
 * ours in TCP_REPAIR mode, which sends nothing. False also where the kernel cannot be asked to choose a
 * certain one (before Linux 6.3, or outside of net.ipv4.ip_local_port_range). Fails if there can be no
 * socket.
 */
int must_check tcp_port_try(uint32_t port, bool *ret_can_be_chosen);
