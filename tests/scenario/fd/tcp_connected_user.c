/* SPDX-License-Identifier: MIT */
/* network */
/* user: 65534 */
/* dump-options: --tcp-established */
/* restore-options: --tcp-established */
/* The same connections, of a user without privileges. */
#include "tcp_connected.c"
