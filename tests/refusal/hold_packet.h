/* SPDX-License-Identifier: MIT */
/* What a target can hold of packet sockets, tunnels and vsock sockets. */
#pragma once

/* A new descriptor of WHAT, -1 with errno if that fails, -2 if no such socket is known. */
int hold_packet(const char *what);
