/* SPDX-License-Identifier: MIT */
/* Tables of nftables, made by its netlink messages (<linux/netfilter/nf_tables.h>). */
#include "common/netlink/packet_lock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netinet/in.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/cleanup.h"
#include "common/netlink/nft_transaction.h"

/* Newer than the headers that this may be built with. */
#define CR_TABLE_OWNER 2

/* Before others have changed addresses or noted a connection: NF_IP_PRI_RAW. */
#define PRIORITY (-300)
/* What nft(8) calls types of keys: address, port, address, port, of 6 bits each. */
#define TYPE_ADDRESS4 7
#define TYPE_ADDRESS6 8
#define TYPE_PORT 13
#define COMMENT_TYPE 0

#define ELEMENTS_PER_MESSAGE 400

/* A key has addresses and ports in registers of 4 bytes. */
#define KEY_SIZE_MAX 40

struct packet_lock {
	struct nl_sock *socket; /* the table lives as long as this */
	char name[PACKET_LOCK_NAME_SIZE];
};

/* One of the two directions. */
struct direction {
	const char *chain;
	uint32_t hook;
	const char *sets[2]; /* of IPv4, IPv6 */
	bool is_out;
};

static const struct direction directions[] = {
	{"input", NF_INET_LOCAL_IN, {"in4", "in6"}, false},
	{"output", NF_INET_LOCAL_OUT, {"out4", "out6"}, true},
};

int packet_lock_name(char ret_name[PACKET_LOCK_NAME_SIZE])
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return -errno;
	snprintf(ret_name, PACKET_LOCK_NAME_SIZE, PACKET_LOCK_PREFIX "%016llx", (unsigned long long)number);
	return 0;
}

bool packet_lock_is_name(const char *name)
{
	size_t prefix = strlen(PACKET_LOCK_PREFIX);

	return strnlen(name, PACKET_LOCK_NAME_SIZE) == PACKET_LOCK_NAME_SIZE - 1 &&
	       strncmp(name, PACKET_LOCK_PREFIX, prefix) == 0 &&
	       strspn(name + prefix, "0123456789abcdef") == PACKET_LOCK_NAME_SIZE - 1 - prefix;
}

static bool put_u32(struct nl_msg *message, int type, uint32_t value)
{
	return nla_put_u32(message, type, htonl(value)) == 0;
}

static bool put_string(struct nl_msg *message, int type, const char *text)
{
	return nla_put_string(message, type, text) == 0;
}

/* Frees the message of an incomplete one. */
static struct nl_msg *if_whole(struct nl_msg *message, bool is_whole)
{
	if (is_whole)
		return message;
	nlmsg_free(message);
	return NULL;
}

/* User data is a list of: type, length, bytes. */
static bool put_comment(struct nl_msg *message, int type, const char *comment)
{
	unsigned char data[2 + UINT8_MAX] = {COMMENT_TYPE};
	size_t size = MIN(strlen(comment), (size_t)UINT8_MAX - 1) + 1;

	if (size == 1)
		return true;
	data[1] = (unsigned char)size;
	memcpy(data + 2, comment, size - 1);
	return nla_put(message, type, (int)size + 2, data) == 0;
}

static struct nl_msg *new_table(const char *name, uint32_t flags, const char *comment)
{
	struct nl_msg *message = nft_message_new(NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL);

	return if_whole(message, message && put_string(message, NFTA_TABLE_NAME, name) &&
					 put_u32(message, NFTA_TABLE_FLAGS, flags) &&
					 put_comment(message, NFTA_TABLE_USERDATA, comment));
}

static uint32_t key_size(bool is_ipv6)
{
	return is_ipv6 ? 40 : 16;
}

static struct nl_msg *new_set(const char *table, const char *name, bool is_ipv6)
{
	struct nl_msg *message = nft_message_new(NFT_MSG_NEWSET, NLM_F_CREATE | NLM_F_EXCL);
	uint32_t address = is_ipv6 ? TYPE_ADDRESS6 : TYPE_ADDRESS4;

	return if_whole(message,
			message && put_string(message, NFTA_SET_TABLE, table) &&
				put_string(message, NFTA_SET_NAME, name) &&
				put_u32(message, NFTA_SET_ID, 1) && put_u32(message, NFTA_SET_FLAGS, 0) &&
				put_u32(message, NFTA_SET_KEY_TYPE,
					address << 18 | TYPE_PORT << 12 | address << 6 | TYPE_PORT) &&
				put_u32(message, NFTA_SET_KEY_LEN, key_size(is_ipv6)));
}

static struct nl_msg *new_chain(const char *table, const struct direction *direction)
{
	struct nl_msg *message = nft_message_new(NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL);
	struct nlattr *hook;

	if (!message || !put_string(message, NFTA_CHAIN_TABLE, table) ||
	    !put_string(message, NFTA_CHAIN_NAME, direction->chain))
		return if_whole(message, false);
	hook = nla_nest_start(message, NFTA_CHAIN_HOOK);
	if (!hook || !put_u32(message, NFTA_HOOK_HOOKNUM, direction->hook) ||
	    !put_u32(message, NFTA_HOOK_PRIORITY, (uint32_t)PRIORITY))
		return if_whole(message, false);
	nla_nest_end(message, hook);
	return if_whole(message, put_string(message, NFTA_CHAIN_TYPE, "filter"));
}

/* The parts of a rule, one after the other. */
struct expression {
	struct nl_msg *message;
	struct nlattr *element, *data;
};

static bool begin_expression(struct expression *expression, struct nl_msg *message, const char *name)
{
	expression->message = message;
	expression->element = nla_nest_start(message, NFTA_LIST_ELEM);
	if (!expression->element || !put_string(message, NFTA_EXPR_NAME, name))
		return false;
	expression->data = nla_nest_start(message, NFTA_EXPR_DATA);
	return expression->data != NULL;
}

static bool end_expression(const struct expression *expression)
{
	nla_nest_end(expression->message, expression->data);
	nla_nest_end(expression->message, expression->element);
	return true;
}

static bool put_meta(struct nl_msg *message, uint32_t key)
{
	struct expression expression;

	return begin_expression(&expression, message, "meta") && put_u32(message, NFTA_META_KEY, key) &&
	       put_u32(message, NFTA_META_DREG, NFT_REG_1) && end_expression(&expression);
}

static bool put_compare(struct nl_msg *message, const void *value, int size)
{
	struct expression expression;
	struct nlattr *data;

	if (!begin_expression(&expression, message, "cmp") || !put_u32(message, NFTA_CMP_SREG, NFT_REG_1) ||
	    !put_u32(message, NFTA_CMP_OP, NFT_CMP_EQ))
		return false;
	data = nla_nest_start(message, NFTA_CMP_DATA);
	if (!data || nla_put(message, NFTA_DATA_VALUE, size, value) < 0)
		return false;
	nla_nest_end(message, data);
	return end_expression(&expression);
}

static bool put_load(struct nl_msg *message, uint32_t base, uint32_t offset, uint32_t size, uint32_t word)
{
	struct expression expression;

	return begin_expression(&expression, message, "payload") &&
	       put_u32(message, NFTA_PAYLOAD_DREG, NFT_REG32_00 + word) &&
	       put_u32(message, NFTA_PAYLOAD_BASE, base) && put_u32(message, NFTA_PAYLOAD_OFFSET, offset) &&
	       put_u32(message, NFTA_PAYLOAD_LEN, size) && end_expression(&expression);
}

static bool put_lookup(struct nl_msg *message, const char *set)
{
	struct expression expression;

	return begin_expression(&expression, message, "lookup") &&
	       put_string(message, NFTA_LOOKUP_SET, set) &&
	       put_u32(message, NFTA_LOOKUP_SREG, NFT_REG32_00) && end_expression(&expression);
}

static bool put_verdict(struct nl_msg *message, uint32_t verdict)
{
	struct expression expression;
	struct nlattr *data, *code;

	if (!begin_expression(&expression, message, "immediate") ||
	    !put_u32(message, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT))
		return false;
	data = nla_nest_start(message, NFTA_IMMEDIATE_DATA);
	code = data ? nla_nest_start(message, NFTA_DATA_VERDICT) : NULL;
	if (!code || !put_u32(message, NFTA_VERDICT_CODE, verdict))
		return false;
	nla_nest_end(message, code);
	nla_nest_end(message, data);
	return end_expression(&expression);
}

static bool put_mark_rule(struct nl_msg *message)
{
	const uint32_t mark = PACKET_LOCK_PASS_MARK; /* in the order of this host, as the kernel has it */

	return put_meta(message, NFT_META_MARK) && put_compare(message, &mark, sizeof(mark)) &&
	       put_verdict(message, NF_ACCEPT);
}

/* Source address and port, destination address and port, in registers that follow one another. */
static bool put_connection_rule(struct nl_msg *message, bool is_ipv6, const char *set)
{
	const uint8_t family = is_ipv6 ? NFPROTO_IPV6 : NFPROTO_IPV4, protocol = IPPROTO_TCP;
	uint32_t size = is_ipv6 ? 16 : 4, source = is_ipv6 ? 8 : 12, words = size / 4;

	return put_meta(message, NFT_META_NFPROTO) && put_compare(message, &family, sizeof(family)) &&
	       put_meta(message, NFT_META_L4PROTO) && put_compare(message, &protocol, sizeof(protocol)) &&
	       put_load(message, NFT_PAYLOAD_NETWORK_HEADER, source, size, 0) &&
	       put_load(message, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 2, words) &&
	       put_load(message, NFT_PAYLOAD_NETWORK_HEADER, source + size, size, words + 1) &&
	       put_load(message, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, words * 2 + 1) &&
	       put_lookup(message, set) && put_verdict(message, NF_DROP);
}

/* SET is NULL for the rule of marked packets. */
static struct nl_msg *new_rule(const char *table, const struct direction *direction, bool is_ipv6,
			       const char *set)
{
	struct nl_msg *message = nft_message_new(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
	struct nlattr *expressions;

	if (!message || !put_string(message, NFTA_RULE_TABLE, table) ||
	    !put_string(message, NFTA_RULE_CHAIN, direction->chain))
		return if_whole(message, false);
	expressions = nla_nest_start(message, NFTA_RULE_EXPRESSIONS);
	if (!expressions || !(set ? put_connection_rule(message, is_ipv6, set) : put_mark_rule(message)))
		return if_whole(message, false);
	nla_nest_end(message, expressions);
	return message;
}

static void append_end(unsigned char *key, size_t *size, const struct inet_address *address)
{
	size_t length = inet_address_size(address->family);
	uint16_t port = htons(address->port);

	memcpy(key + *size, address->bytes, length);
	memcpy(key + *size + length, &port, sizeof(port));
	*size += length + 4;
}

static bool put_element(struct nl_msg *message, const struct inet_address *source,
			const struct inet_address *destination)
{
	unsigned char key[KEY_SIZE_MAX] = {0};
	struct nlattr *element, *data;
	size_t size = 0;

	append_end(key, &size, source);
	append_end(key, &size, destination);
	element = nla_nest_start(message, NFTA_LIST_ELEM);
	data = element ? nla_nest_start(message, NFTA_SET_ELEM_KEY) : NULL;
	if (!data || nla_put(message, NFTA_DATA_VALUE, (int)size, key) < 0)
		return false;
	nla_nest_end(message, data);
	nla_nest_end(message, element);
	return true;
}

/* The elements of one set, in as many messages as it takes. */
struct filling {
	struct nft_transaction *transaction;
	const char *table, *set;
	struct nl_msg *message; /* owned; NULL: none begun */
	struct nlattr *list;
	size_t count;
};

static int end_message(struct filling *filling)
{
	struct nl_msg *message = filling->message;

	if (!message)
		return 0;
	nla_nest_end(message, filling->list);
	filling->message = NULL;
	return nft_transaction_add(filling->transaction, message);
}

static int begin_message(struct filling *filling)
{
	struct nl_msg *message = nft_message_new(NFT_MSG_NEWSETELEM, NLM_F_CREATE);

	if (message && put_string(message, NFTA_SET_ELEM_LIST_TABLE, filling->table) &&
	    put_string(message, NFTA_SET_ELEM_LIST_SET, filling->set))
		filling->list = nla_nest_start(message, NFTA_SET_ELEM_LIST_ELEMENTS);
	else
		filling->list = NULL;
	filling->count = 0;
	filling->message = if_whole(message, filling->list != NULL);
	return filling->message ? 0 : -ENOMEM;
}

static int add_element(struct filling *filling, const struct inet_address *source,
		       const struct inet_address *destination)
{
	int r = filling->count == ELEMENTS_PER_MESSAGE ? end_message(filling) : 0;

	if (r == 0 && !filling->message)
		r = begin_message(filling);
	if (r < 0)
		return r;
	filling->count++;
	return put_element(filling->message, source, destination) ? 0 : -ENOMEM;
}

static int fill_set(struct nft_transaction *transaction, const char *table, const struct direction *direction,
		    bool is_ipv6, const struct packet_lock_connection *connections, size_t count)
{
	struct filling filling = {
		.transaction = transaction, .table = table, .set = direction->sets[is_ipv6]};
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		struct inet_address local = inet_address_unmap(&connections[i].local);
		struct inet_address peer = inet_address_unmap(&connections[i].peer);

		if (is_ipv6 == (local.family == AF_INET6))
			r = direction->is_out ? add_element(&filling, &local, &peer)
					      : add_element(&filling, &peer, &local);
	}
	if (r == 0)
		r = end_message(&filling);
	nlmsg_free(filling.message);
	return r;
}

static int add_direction(struct nft_transaction *transaction, const char *table,
			 const struct direction *direction, const struct packet_lock_connection *connections,
			 size_t count)
{
	int r = nft_transaction_add(transaction, new_chain(table, direction));

	if (r == 0)
		r = nft_transaction_add(transaction, new_rule(table, direction, false, NULL));
	for (int is_ipv6 = 0; r == 0 && is_ipv6 <= 1; is_ipv6++) {
		r = nft_transaction_add(transaction, new_set(table, direction->sets[is_ipv6], is_ipv6));
		if (r == 0)
			r = fill_set(transaction, table, direction, is_ipv6, connections, count);
		/* The last of all has to be one that can ask for an answer. */
		if (r == 0 && !(direction->is_out && is_ipv6))
			r = nft_transaction_add(
				transaction, new_rule(table, direction, is_ipv6, direction->sets[is_ipv6]));
	}
	return r;
}

static int make_table(struct nl_sock *socket, const char *name, uint32_t flags, const char *comment,
		      const struct packet_lock_connection *connections, size_t count)
{
	cleanup_(nft_transaction_done) struct nft_transaction transaction = {.socket = socket};
	const struct direction *last = &directions[ARRAY_SIZE(directions) - 1];
	int r = nft_transaction_begin(&transaction);

	if (r == 0)
		r = nft_transaction_add(&transaction, new_table(name, flags, comment));
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(directions); i++)
		r = add_direction(&transaction, name, &directions[i], connections, count);
	return r < 0 ? r : nft_transaction_commit(&transaction, new_rule(name, last, true, last->sets[1]));
}

static int remove_table(struct nl_sock *socket, const char *name)
{
	cleanup_(nft_transaction_done) struct nft_transaction transaction = {.socket = socket};
	struct nl_msg *message = nft_message_new(NFT_MSG_DELTABLE, 0);
	int r = nft_transaction_begin(&transaction);

	message = if_whole(message, message && r == 0 && put_string(message, NFTA_TABLE_NAME, name));
	return r < 0 ? r : nft_transaction_commit(&transaction, message);
}

/* A kernel before 5.12 does not know of owners, and says that of the flag; then somebody has to remove it. */
int packet_lock_new(const char *name, const struct packet_lock_connection *connections, size_t count,
		    struct packet_lock **ret_lock)
{
	cleanup_(packet_lock_freep) struct packet_lock *lock = calloc(1, sizeof(*lock));
	int r;

	if (!lock)
		return -ENOMEM;
	r = nft_open(&lock->socket);
	if (r == 0)
		r = make_table(lock->socket, name, CR_TABLE_OWNER, "", connections, count);
	if (r < 0)
		return r;
	strcpy(lock->name, name);
	*ret_lock = take_ptr(lock);
	return 0;
}

void packet_lock_free(struct packet_lock *lock)
{
	if (!lock)
		return;
	/* It goes with its socket, but later. */
	if (lock->name[0])
		(void)(remove_table(lock->socket, lock->name) < 0);
	nl_socket_free(lock->socket);
	free(lock);
}

int packet_lock_leave(const char *name, const char *comment, const struct packet_lock_connection *connections,
		      size_t count)
{
	cleanup_(netlink_socket_freep) struct nl_sock *socket = NULL;
	int r = nft_open(&socket);

	return r < 0 ? r : make_table(socket, name, 0, comment, connections, count);
}

int packet_lock_remove(const struct packet_lock *lock, const char *name)
{
	cleanup_(netlink_socket_freep) struct nl_sock *socket = NULL;
	int r = lock ? 0 : nft_open(&socket);

	return r < 0 ? r : remove_table(lock ? lock->socket : socket, name);
}

/* 1: that was all. */
static int take_table(struct nlmsghdr *header,
		      int (*take)(void *context, const char *name, const char *comment), void *context)
{
	struct nlattr *attributes[NFTA_TABLE_MAX + 1] = {0};
	const struct nlmsgerr *error = nlmsg_data(header);
	char name[PACKET_LOCK_NAME_SIZE + 1] = "", comment[UINT8_MAX + 1] = "";
	const unsigned char *data;

	if (header->nlmsg_type == NLMSG_DONE)
		return 1;
	if (header->nlmsg_type == NLMSG_ERROR)
		return (size_t)nlmsg_datalen(header) >= sizeof(error->error) && error->error < 0
			       ? error->error
			       : 1;
	if (nlmsg_parse(header, sizeof(struct nfgenmsg), attributes, NFTA_TABLE_MAX, NULL) < 0 ||
	    !attributes[NFTA_TABLE_NAME])
		return 0;
	nla_strlcpy(name, attributes[NFTA_TABLE_NAME], sizeof(name));
	if (!packet_lock_is_name(name))
		return 0;
	data = attributes[NFTA_TABLE_USERDATA] ? nla_data(attributes[NFTA_TABLE_USERDATA]) : NULL;
	if (data && nla_len(attributes[NFTA_TABLE_USERDATA]) >= 2 + data[1] && data[0] == COMMENT_TYPE)
		snprintf(comment, sizeof(comment), "%.*s", data[1], (const char *)data + 2);
	return take(context, name, comment);
}

int packet_lock_list(int (*take)(void *context, const char *name, const char *comment), void *context)
{
	cleanup_(netlink_socket_freep) struct nl_sock *socket = NULL;
	cleanup_(netlink_message_freep) struct nl_msg *question =
		nft_message_new(NFT_MSG_GETTABLE, NLM_F_DUMP);
	int r = question ? nft_open(&socket) : -ENOMEM;

	if (r == 0 && nl_send_auto(socket, question) < 0)
		r = -EIO;
	while (r == 0) {
		cleanup_free unsigned char *data = NULL;
		struct sockaddr_nl sender;
		int size = nl_recv(socket, &sender, &data, NULL);

		if (size == -NLE_INTR)
			continue;
		if (size <= 0)
			return -ETIMEDOUT;
		for (struct nlmsghdr *header = (struct nlmsghdr *)data; r == 0 && nlmsg_ok(header, size);
		     header = nlmsg_next(header, &size))
			r = take_table(header, take, context);
	}
	return MIN(r, 0);
}
