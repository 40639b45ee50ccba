/* SPDX-License-Identifier: MIT */
/* Packet sockets at restore: what the files of this kind share. */
#pragma once

#include "format/fd/packet.h"
#include "restorer/fd/fd_restorer.h"

/* packet_ring.c: gives the new socket FD its rings, which are empty, and at their beginning. Logs. */
int must_check packet_rings_make(const Cr__PacketSocket *socket, int fd);

/* Adds a blocker if they could not be brought to where they were. NAME is for messages. */
void packet_rings_preflight(struct restore *restore, const Cr__PacketSocket *socket, const char *name);

/* Brings the rings of FD to where they were, and fills them from the open member. Nothing may come in. Logs.
 */
int must_check packet_rings_fill(struct restore *restore, const Cr__PacketSocket *socket, int fd);
