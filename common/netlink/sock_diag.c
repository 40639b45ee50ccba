/* SPDX-License-Identifier: MIT */
/* Asks by NETLINK_SOCK_DIAG and takes the answers apart. */
#include "common/netlink/sock_diag.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdbool.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "common/netlink/netlink_cleanup.h"

/* No family has more attributes. */
#define ATTRIBUTE_LIMIT 64
/* The kernel answers with up to 32 KiB at a time. */
#define RECEIVE_SIZE ((size_t)64 << 10)
#define ROUNDS_MAX 5

struct sock_diag_attributes {
	struct nlattr *found[ATTRIBUTE_LIMIT + 1];
	int max;
};

const void *sock_diag_attribute(const struct sock_diag_attributes *attributes, int type, size_t minimum,
				size_t *ret_size)
{
	const struct nlattr *found = type <= attributes->max ? attributes->found[type] : NULL;

	if (!found || (size_t)nla_len(found) < minimum)
		return NULL;
	if (ret_size)
		*ret_size = (size_t)nla_len(found);
	return nla_data(found);
}

/* libnl's numbers for what it may meet here. */
static int to_errno(int error)
{
	switch (-error) {
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_INTR:
		return -EAGAIN;
	case NLE_PERM:
	case NLE_NOACCESS:
		return -EPERM;
	case NLE_AF_NOSUPPORT:
	case NLE_PROTO_MISMATCH:
		return -EPROTONOSUPPORT;
	case NLE_NOADDR:
	case NLE_OBJ_NOTFOUND:
		return -ENOENT;
	default:
		return -EIO;
	}
}

static int open_socket(struct nl_sock **ret_socket)
{
	cleanup_(netlink_socket_freep) struct nl_sock *socket = nl_socket_alloc();
	int r;

	if (!socket)
		return -ENOMEM;
	r = nl_connect(socket, NETLINK_SOCK_DIAG);
	if (r == 0)
		r = nl_socket_set_msg_buf_size(socket, RECEIVE_SIZE);
	if (r < 0)
		return to_errno(r);
	*ret_socket = take_ptr(socket);
	return 0;
}

/* One message of the answer. 1: the answer is complete. */
static int take_message(const struct sock_diag_question *question, struct nlmsghdr *header,
			sock_diag_handler handler, void *context)
{
	struct sock_diag_attributes attributes = {.max = MIN(question->attribute_max, ATTRIBUTE_LIMIT)};
	const struct nlmsgerr *error = nlmsg_data(header);

	/* What ends a dump may bring the error that has ended it. */
	if (header->nlmsg_type == NLMSG_ERROR || header->nlmsg_type == NLMSG_DONE) {
		if ((size_t)nlmsg_datalen(header) >= sizeof(error->error) && error->error < 0)
			return error->error;
		return header->nlmsg_type == NLMSG_DONE ? 1 : 0;
	}
	if (header->nlmsg_flags & NLM_F_DUMP_INTR)
		return -EINTR;
	if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return 0;
	if (nlmsg_parse(header, (int)question->message_size, attributes.found, attributes.max, NULL) < 0)
		return -EBADMSG;
	return handler(nlmsg_data(header), &attributes, context);
}

static int take_answer(struct nl_sock *socket, const struct sock_diag_question *question,
		       sock_diag_handler handler, void *context)
{
	for (;;) {
		cleanup_free unsigned char *data = NULL;
		struct sockaddr_nl sender;
		struct nlmsghdr *header;
		int size = nl_recv(socket, &sender, &data, NULL), r = 0;

		if (size == -NLE_INTR)
			continue;
		if (size <= 0)
			return size == 0 ? -EIO : to_errno(size);
		if (sender.nl_pid != 0)
			continue; /* not the kernel */
		for (header = (struct nlmsghdr *)data; r == 0 && nlmsg_ok(header, size);
		     header = nlmsg_next(header, &size))
			r = take_message(question, header, handler, context);
		if (r != 0)
			return r < 0 ? r : 0;
	}
}

int sock_diag_dump(const struct sock_diag_question *question, sock_diag_handler handler, void *context)
{
	int r = -EINTR;

	for (int round = 0; r == -EINTR && round < ROUNDS_MAX; round++) {
		cleanup_(netlink_socket_freep) struct nl_sock *socket = NULL;

		r = round > 0 ? handler(NULL, NULL, context) : 0;
		if (r < 0)
			return r;
		r = open_socket(&socket);
		if (r < 0)
			return r;
		r = nl_send_simple(socket, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, (void *)question->request,
				   question->request_size);
		r = r < 0 ? to_errno(r) : take_answer(socket, question, handler, context);
	}
	return r;
}

static int take_nothing(const void *message maybe_unused,
			const struct sock_diag_attributes *attributes maybe_unused,
			void *context maybe_unused)
{
	return 0;
}

/* The one answer. */
static int take_acknowledgement(struct nl_sock *socket, const struct sock_diag_question *question)
{
	cleanup_free unsigned char *data = NULL;
	struct sockaddr_nl sender;
	int size = nl_recv(socket, &sender, &data, NULL);

	if (size <= 0 || !nlmsg_ok((struct nlmsghdr *)data, size))
		return size < 0 ? to_errno(size) : -EIO;
	return take_message(question, (struct nlmsghdr *)data, take_nothing, NULL);
}

int sock_diag_destroy(const struct sock_diag_question *question)
{
	cleanup_(netlink_socket_freep) struct nl_sock *socket = NULL;
	int r = open_socket(&socket);

	if (r < 0)
		return r;
	r = nl_send_simple(socket, SOCK_DESTROY, NLM_F_ACK, (void *)(uintptr_t)question->request,
			   question->request_size);
	return r < 0 ? to_errno(r) : take_acknowledgement(socket, question);
}
