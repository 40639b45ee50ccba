/* SPDX-License-Identifier: MIT */
/* The options that sockets of all families share. */
#include "format/fd/socket_options.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <string.h>
#include <sys/socket.h>

/* Newer than the headers that this may be built with, as those in socket_options.h. */
#define CR_SO_RCVPRIORITY 82

/* The name is taken where it is written out: as an argument of another macro it would be a number. */
#define NAMED(number_, name_, ...)                                                                           \
	{                                                                                                    \
		.level = SOL_SOCKET, .number = (number_), .name = (name_), __VA_ARGS__                       \
	}
#define SHARED(number_, ...) NAMED(number_, #number_, __VA_ARGS__)
/* An int that is 0 at first. */
#define PLAIN(number_, phase_) NAMED(number_, #number_, .size = 4, .phase = (phase_), .capability = -1)
#define PRIVILEGED(number_, phase_, capability_)                                                             \
	NAMED(number_, #number_, .size = 4, .phase = (phase_), .capability = (capability_))

/*
 * In the order in which they are to be set. Not here, for they tell of the past or the kernel: SO_TYPE,
 * SO_DOMAIN, SO_PROTOCOL, SO_ERROR, SO_ACCEPTCONN, SO_PEER*, SO_COOKIE, SO_NETNS_COOKIE, SO_MEMINFO,
 * SO_BPF_EXTENSIONS, SO_INCOMING_NAPI_ID, SO_SNDLOWAT; nor SO_BINDTOIFINDEX, which SO_BINDTODEVICE tells by
 * name.
 */
static const struct socket_option_spec shared_specs[] = {
	PLAIN(SO_REUSEADDR, SOCKET_OPTION_EARLY),
	PLAIN(SO_REUSEPORT, SOCKET_OPTION_EARLY),
	SHARED(SO_BINDTODEVICE, .size = 0, .phase = SOCKET_OPTION_EARLY, .capability = -1),
	PRIVILEGED(SO_MARK, SOCKET_OPTION_EARLY, CAP_NET_ADMIN),
	PRIVILEGED(SO_DEBUG, SOCKET_OPTION_LATE, CAP_NET_ADMIN),
	PLAIN(SO_DONTROUTE, SOCKET_OPTION_LATE),
	PLAIN(SO_BROADCAST, SOCKET_OPTION_LATE),
	PLAIN(SO_KEEPALIVE, SOCKET_OPTION_LATE),
	PLAIN(SO_OOBINLINE, SOCKET_OPTION_LATE),
	PLAIN(SO_NO_CHECK, SOCKET_OPTION_LATE),
	PLAIN(SO_PRIORITY, SOCKET_OPTION_LATE),
	SHARED(SO_LINGER, .size = 8, .phase = SOCKET_OPTION_LATE, .capability = -1),
	PLAIN(SO_PASSCRED, SOCKET_OPTION_LATE),
	PLAIN(SO_PASSSEC, SOCKET_OPTION_LATE),
	PLAIN(CR_SO_PASSPIDFD, SOCKET_OPTION_LATE),
	SHARED(CR_SO_PASSRIGHTS, .size = 4, .phase = SOCKET_OPTION_LATE, .fresh = 1, .capability = -1),
	PLAIN(CR_SO_INQ, SOCKET_OPTION_LATE),
	SHARED(SO_RCVLOWAT, .size = 4, .phase = SOCKET_OPTION_LATE, .fresh = 1, .capability = -1),
	SHARED(SO_RCVTIMEO, .size = 16, .phase = SOCKET_OPTION_LATE, .capability = -1),
	SHARED(SO_SNDTIMEO, .size = 16, .phase = SOCKET_OPTION_LATE, .capability = -1),
	PLAIN(SO_TIMESTAMP_OLD, SOCKET_OPTION_LATE),
	PLAIN(SO_TIMESTAMPNS_OLD, SOCKET_OPTION_LATE),
	PLAIN(SO_TIMESTAMP_NEW, SOCKET_OPTION_LATE),
	PLAIN(SO_TIMESTAMPNS_NEW, SOCKET_OPTION_LATE),
	SHARED(SO_TIMESTAMPING_OLD, .size = 8, .phase = SOCKET_OPTION_LATE, .capability = -1),
	SHARED(SO_TIMESTAMPING_NEW, .size = 8, .phase = SOCKET_OPTION_LATE, .capability = -1),
	PLAIN(SO_RXQ_OVFL, SOCKET_OPTION_LATE),
	PLAIN(SO_WIFI_STATUS, SOCKET_OPTION_LATE),
	PLAIN(SO_NOFCS, SOCKET_OPTION_LATE),
	PLAIN(SO_SELECT_ERR_QUEUE, SOCKET_OPTION_LATE),
	SHARED(SO_PEEK_OFF, .size = 4, .phase = SOCKET_OPTION_LATE, .fresh = -1, .capability = -1),
	PRIVILEGED(SO_BUSY_POLL, SOCKET_OPTION_LATE, CAP_NET_ADMIN),
	PRIVILEGED(SO_PREFER_BUSY_POLL, SOCKET_OPTION_LATE, CAP_NET_ADMIN),
	SHARED(SO_MAX_PACING_RATE, .size = 8, .phase = SOCKET_OPTION_LATE, .fresh = -1, .capability = -1),
	SHARED(SO_INCOMING_CPU, .size = 4, .phase = SOCKET_OPTION_LATE, .fresh = -1, .capability = -1),
	PLAIN(SO_ZEROCOPY, SOCKET_OPTION_LATE),
	SHARED(SO_TXTIME, .size = 8, .phase = SOCKET_OPTION_LATE, .capability = CAP_NET_ADMIN),
	PLAIN(SO_RESERVE_MEM, SOCKET_OPTION_LATE),
	SHARED(SO_TXREHASH, .size = 4, .phase = SOCKET_OPTION_LATE, .fresh = 1, .depends_on_host = true,
	       .capability = -1),
	PLAIN(SO_RCVMARK, SOCKET_OPTION_LATE),
	PLAIN(CR_SO_RCVPRIORITY, SOCKET_OPTION_LATE),
	SHARED(SO_SNDBUF, .size = 4, .phase = SOCKET_OPTION_LATE, .depends_on_host = true, .capability = -1),
	SHARED(SO_RCVBUF, .size = 4, .phase = SOCKET_OPTION_LATE, .depends_on_host = true, .capability = -1),
	/* Setting the sizes sets its bits, so it comes behind them, also if none was set. */
	SHARED(SO_BUF_LOCK, .size = 4, .phase = SOCKET_OPTION_LAST, .depends_on_host = true,
	       .capability = -1),
	PLAIN(SO_LOCK_FILTER, SOCKET_OPTION_LAST),
};

const struct socket_option_table socket_options_shared = {shared_specs, ARRAY_SIZE(shared_specs)};

const struct socket_option_spec *socket_option_find(const struct socket_option_table *table, int level,
						    int number)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->specs[i].level == level && table->specs[i].number == number)
			return &table->specs[i];
	return NULL;
}

const Cr__SocketOption *socket_options_get(const Cr__SocketOptions *options, int level, int number)
{
	for (size_t i = 0; options && i < options->n_options; i++)
		if (options->options[i]->level == level && options->options[i]->number == number)
			return options->options[i];
	return NULL;
}

int32_t socket_options_get_int(const Cr__SocketOptions *options, int level, int number, int32_t fallback)
{
	const Cr__SocketOption *option = socket_options_get(options, level, number);
	int32_t value = fallback;

	if (option && option->value.len == sizeof(value))
		memcpy(&value, option->value.data, sizeof(value));
	return value;
}

static bool is_right_size(const struct socket_option_spec *spec, const Cr__SocketOption *option)
{
	if (spec->size_max > 0)
		return option->value.len > 0 && option->value.len <= spec->size_max;
	if (spec->size == 0)
		return option->value.len > 0 && option->value.len < SOCKET_OPTION_TEXT_SIZE &&
		       !memchr(option->value.data, '\0', option->value.len);
	return option->value.len == spec->size;
}

int socket_options_check(const struct socket_option_table *table, const Cr__SocketOptions *options,
			 const char **ret_reason)
{
	for (size_t i = 0; options && i < options->n_options; i++) {
		const Cr__SocketOption *option = options->options[i];
		const struct socket_option_spec *spec =
			socket_option_find(table, option->level, option->number);

		if (!spec)
			*ret_reason = "it has an unknown socket option";
		else if (!is_right_size(spec, option))
			*ret_reason = "it has a socket option of the wrong size";
		else if (socket_options_get(options, option->level, option->number) != option)
			*ret_reason = "it has a socket option twice";
		else
			continue;
		return -EBADMSG;
	}
	if (options && (options->filter.len % sizeof(struct sock_filter) != 0 ||
			options->filter.len > SOCKET_FILTER_INSTRUCTIONS_MAX * sizeof(struct sock_filter))) {
		*ret_reason = "its socket filter is not valid";
		return -EBADMSG;
	}
	return 0;
}
