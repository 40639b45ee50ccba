/* SPDX-License-Identifier: MIT */
/* Asks about one device. */
#include "common/netlink/tun_link.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <string.h>

#include "common/cleanup.h"

static void socket_freep(struct nl_sock **socket)
{
	if (*socket)
		nl_socket_free(*socket);
}

static void message_freep(struct nl_msg **message)
{
	if (*message)
		nlmsg_free(*message);
}

static int ask(struct nl_sock *socket, const char *name)
{
	cleanup_(message_freep) struct nl_msg *message = nlmsg_alloc_simple(RTM_GETLINK, 0);
	struct ifinfomsg question = {.ifi_family = AF_UNSPEC};

	if (!message || nlmsg_append(message, &question, sizeof(question), NLMSG_ALIGNTO) < 0 ||
	    nla_put_string(message, IFLA_IFNAME, name) < 0)
		return -ENOMEM;
	return nl_send_auto(socket, message) < 0 ? -EIO : 0;
}

/* What is in an attribute of attributes; NULL if it is not there. */
static const struct nlattr *find_inside(const struct nlattr *nest, int type)
{
	return nest ? nla_find(nla_data(nest), nla_len(nest), type) : NULL;
}

static int64_t get_u32(const struct nlattr *nest, int type, int64_t fallback)
{
	const struct nlattr *found = find_inside(nest, type);

	return found && (size_t)nla_len(found) >= sizeof(uint32_t) ? (int64_t)nla_get_u32(found) : fallback;
}

static int take_answer(struct nl_sock *socket, struct tun_link *ret_link)
{
	cleanup_free unsigned char *data = NULL;
	const struct nlattr *information, *kind, *tun;
	struct sockaddr_nl sender;
	const struct nlmsghdr *header;
	int size = nl_recv(socket, &sender, &data, NULL);

	header = (const struct nlmsghdr *)data;
	if (size <= 0 || !nlmsg_ok(header, size))
		return -EIO;
	if (header->nlmsg_type != RTM_NEWLINK)
		return header->nlmsg_type == NLMSG_ERROR ? -ENODEV : -EIO;
	information = nlmsg_find_attr((struct nlmsghdr *)(uintptr_t)header, sizeof(struct ifinfomsg),
				      IFLA_LINKINFO);
	kind = find_inside(information, IFLA_INFO_KIND);
	tun = find_inside(information, IFLA_INFO_DATA);
	if (!kind || nla_strcmp(kind, "tun") != 0)
		return -ENODEV;
	*ret_link = (struct tun_link){
		.owner = get_u32(tun, IFLA_TUN_OWNER, -1),
		.group = get_u32(tun, IFLA_TUN_GROUP, -1),
		.queue_count = (uint32_t)(get_u32(tun, IFLA_TUN_NUM_QUEUES, 1) +
					  get_u32(tun, IFLA_TUN_NUM_DISABLED_QUEUES, 0)),
	};
	return 0;
}

int tun_link_read(const char *name, struct tun_link *ret_link)
{
	cleanup_(socket_freep) struct nl_sock *socket = nl_socket_alloc();
	int r;

	if (!socket)
		return -ENOMEM;
	if (nl_connect(socket, NETLINK_ROUTE) < 0)
		return -EIO;
	r = ask(socket, name);
	return r < 0 ? r : take_answer(socket, ret_link);
}
