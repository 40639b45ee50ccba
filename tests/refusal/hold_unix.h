/* SPDX-License-Identifier: MIT */
/* What a target can hold of unix sockets. */
#pragma once

/*
 * A new socket for WHAT, -1 with errno if that fails, -2 if it is none of these. TYPE is stream, datagram or
 * seqpacket; a NAME that begins with '@' is abstract.
 *
 * bound:TYPE:NAME; listening:TYPE:NAME; connected:TYPE:NAME, to that; early:TYPE:NAME, the same, and has sent
 * something; early-rights:TYPE:NAME, a descriptor; early-large:TYPE:NAME, much; gone:TYPE:NAME, was
 * connected, and has gone; both:TYPE:NAME:PEER, bound and connected; answering:TYPE:NAME:PEER, the same, as
 * soon as there is a PEER;
 *
 * accepted:TYPE:NAME, waits for one to connect, the listening socket is closed; half:TYPE, of a pair the
 * other end of which a process has that is nobody's child and ends with this one; foreign:TYPE, unbound, of
 * another network namespace; queued:TYPE:NAME, one end of a pair (the other end is lost) that has such a
 * connected socket in its queue; owned:TYPE, the same, of one that is not connected but has an owner.
 */
int hold_unix(const char *what);
