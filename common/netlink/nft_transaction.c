/* SPDX-License-Identifier: MIT */
/* Changes to nftables that take effect together. */
#include "common/netlink/nft_transaction.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "common/vector.h"

#define MESSAGE_SIZE ((size_t)64 << 10)
#define RECEIVE_SIZE ((size_t)64 << 10)
#define TIMEOUT_SECONDS 10

void nft_transaction_done(struct nft_transaction *transaction)
{
	free(transaction->data);
}

int nft_open(struct nl_sock **ret_socket)
{
	cleanup_(netlink_socket_freep) struct nl_sock *socket = nl_socket_alloc();
	const struct timeval timeout = {.tv_sec = TIMEOUT_SECONDS};

	if (!socket)
		return -ENOMEM;
	if (nl_connect(socket, NETLINK_NETFILTER) < 0)
		return -EPROTONOSUPPORT;
	if (nl_socket_set_msg_buf_size(socket, RECEIVE_SIZE) < 0 ||
	    setsockopt(nl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0)
		return -EIO;
	*ret_socket = take_ptr(socket);
	return 0;
}

static struct nl_msg *message_new(uint8_t family, int type, int flags)
{
	struct nl_msg *message = nlmsg_alloc_size(MESSAGE_SIZE);
	const struct nfgenmsg head = {.nfgen_family = family, .version = NFNETLINK_V0};
	struct nlmsghdr *header = message ? nlmsg_put(message, 0, 0, type, 0, NLM_F_REQUEST | flags) : NULL;

	if (header && nlmsg_append(message, (void *)(uintptr_t)&head, sizeof(head), NLMSG_ALIGNTO) == 0)
		return message;
	nlmsg_free(message);
	return NULL;
}

struct nl_msg *nft_message_new(int operation, int flags)
{
	return message_new(NFPROTO_INET, NFNL_SUBSYS_NFTABLES << 8 | operation, flags);
}

int nft_transaction_add(struct nft_transaction *transaction, struct nl_msg *owned)
{
	cleanup_(netlink_message_freep) struct nl_msg *message = owned;
	struct nlmsghdr *header = message ? nlmsg_hdr(message) : NULL;
	size_t size;
	int r;

	if (!message)
		return -ENOMEM;
	size = NLMSG_ALIGN(header->nlmsg_len);
	header->nlmsg_seq = ++transaction->sequence;
	r = vector_reserve((void **)&transaction->data, &transaction->data_capacity,
			   transaction->data_count + size, 1);
	if (r < 0)
		return r;
	memcpy(transaction->data + transaction->data_count, header, size);
	transaction->data_count += size;
	return 0;
}

static int add_border(struct nft_transaction *transaction, int type)
{
	struct nl_msg *message = message_new(AF_UNSPEC, type, 0);

	if (message)
		((struct nfgenmsg *)nlmsg_data(nlmsg_hdr(message)))->res_id = htons(NFNL_SUBSYS_NFTABLES);
	return nft_transaction_add(transaction, message);
}

int nft_transaction_begin(struct nft_transaction *transaction)
{
	return add_border(transaction, NFNL_MSG_BATCH_BEGIN);
}

/* 1: that was the answer to the last message. An error of any of them is that of all. */
static int take_answers(const struct nft_transaction *transaction, unsigned char *data, int size)
{
	for (struct nlmsghdr *header = (struct nlmsghdr *)data; nlmsg_ok(header, size);
	     header = nlmsg_next(header, &size)) {
		const struct nlmsgerr *error = nlmsg_data(header);

		if (header->nlmsg_type != NLMSG_ERROR || (size_t)nlmsg_datalen(header) < sizeof(error->error))
			continue;
		if (error->error < 0)
			return error->error;
		if (header->nlmsg_seq == transaction->sequence)
			return 1;
	}
	return 0;
}

static int receive_answer(const struct nft_transaction *transaction)
{
	for (;;) {
		cleanup_free unsigned char *data = NULL;
		struct sockaddr_nl sender;
		int size = nl_recv(transaction->socket, &sender, &data, NULL), r;

		if (size == -NLE_INTR)
			continue;
		if (size <= 0)
			return -ETIMEDOUT;
		r = take_answers(transaction, data, size);
		if (r != 0)
			return MIN(r, 0);
	}
}

/* The last message before the end asks for an answer, which comes when all has been done. */
int nft_transaction_commit(struct nft_transaction *transaction, struct nl_msg *last)
{
	int size, r;

	if (last)
		nlmsg_hdr(last)->nlmsg_flags |= NLM_F_ACK;
	r = nft_transaction_add(transaction, last);
	if (r < 0)
		return r;
	transaction->sequence--;
	r = add_border(transaction, NFNL_MSG_BATCH_END);
	if (r < 0)
		return r;
	size = (int)transaction->data_count * 2;
	(void)setsockopt(nl_socket_get_fd(transaction->socket), SOL_SOCKET, SO_SNDBUFFORCE, &size,
			 sizeof(size));
	if (nl_sendto(transaction->socket, transaction->data, transaction->data_count) < 0)
		return -ENOBUFS;
	return receive_answer(transaction);
}
