/* SPDX-License-Identifier: MIT */
/* Changes to nftables(8) that take effect together, or not at all: messages of one batch of netlink(7). */
#pragma once

#include <stdint.h>

#include "common/compiler.h"
#include "common/netlink/netlink_cleanup.h"

struct nft_transaction {
	struct nl_sock *socket; /* borrowed */
	unsigned char *data;    /* owned */
	size_t data_count, data_capacity;
	uint32_t sequence; /* of the last message */
};

/* A socket to nftables of the network namespace that the calling thread is in. -EPROTONOSUPPORT: there are
 * none. */
int must_check nft_open(struct nl_sock **ret_socket);

/* About a table of the family "inet" or what is in one: NFT_MSG_*, NLM_F_*. NULL if memory is short. */
struct nl_msg *nft_message_new(int operation, int flags);

/* The first to be called, with a socket in it. */
int must_check nft_transaction_begin(struct nft_transaction *transaction);

/* Takes MESSAGE, which may be NULL: then memory is short. */
int must_check nft_transaction_add(struct nft_transaction *transaction, struct nl_msg *message);

/* Adds the last, and waits until all has been done. An error of any of them is that of all. */
int must_check nft_transaction_commit(struct nft_transaction *transaction, struct nl_msg *last);

void nft_transaction_done(struct nft_transaction *transaction);
