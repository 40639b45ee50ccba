/* SPDX-License-Identifier: MIT */
/*
 * Holds back the packets of some TCP connections: a table of nftables(8), "inet cr-lock-...", of ours alone,
 * whose two chains drop what has one of those connections' addresses and ports at its way in and out of this
 * host's sockets. Nothing else is looked at. The other side sees packets lost, which it sends again, and no
 * reset.
 *
 * It is that of the network namespace that the calling thread is in. Takes CAP_NET_ADMIN.
 */
#pragma once

#include <stdbool.h>

#include "common/cleanup.h"
#include "common/compiler.h"
#include "common/inet_address.h"

/* Packets with this mark (SO_MARK) are let through. */
#define PACKET_LOCK_PASS_MARK 0x43524c4b /* "CRLK" */

/* "cr-lock-" and 16 hexadecimal digits, which make it the only one of its name. */
#define PACKET_LOCK_NAME_SIZE 25
#define PACKET_LOCK_PREFIX "cr-lock-"

/* Makes a name. Silent. */
int must_check packet_lock_name(char ret_name[PACKET_LOCK_NAME_SIZE]);
bool packet_lock_is_name(const char *name);

/* Mapped addresses are taken for those of IPv4. */
struct packet_lock_connection {
	struct inet_address local, peer;
};

/* What is held back until packet_lock_free(), and until this process ends however that comes about. */
struct packet_lock;

/*
 * -EPERM without the right; -EOPNOTSUPP, -ENOENT, -EPROTONOSUPPORT: the kernel has no nftables, or not all of
 * what it takes; others. Silent.
 */
int must_check packet_lock_new(const char *name, const struct packet_lock_connection *connections,
			       size_t count, struct packet_lock **ret_lock);
void packet_lock_free(struct packet_lock *lock);
DEFINE_FREEP(packet_lock, packet_lock_free)

/* The same until packet_lock_remove(), by whatever process. COMMENT, for a person, is shown by nft(8). */
int must_check packet_lock_leave(const char *name, const char *comment,
				 const struct packet_lock_connection *connections, size_t count);

/*
 * -ENOENT: there is none of that name. LOCK, if one is still there, lends its socket: to close each that has
 * removed something the kernel waits for a grace period of RCU, some milliseconds. Silent.
 */
int must_check packet_lock_remove(const struct packet_lock *lock, const char *name);

/* Calls TAKE with the name of each that is there, and its comment ("": none), until that returns not 0. */
int must_check packet_lock_list(int (*take)(void *context, const char *name, const char *comment),
				void *context);
