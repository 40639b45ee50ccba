/* SPDX-License-Identifier: MIT */
/* The options of stream sockets, tcp(7). */
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "format/fd/inet_option_specs.h"
#include "format/fd/tcp.h"

/* Newer than the headers that this may be built with. */
#define CR_TCP_TX_DELAY 37
#define CR_TCP_RTO_MAX_MS 44
#define CR_TCP_RTO_MIN_US 45
#define CR_TCP_DELACK_MAX_US 46

/* Two keys of 16 bytes. */
#define FASTOPEN_KEYS_SIZE 32

#define TCP_EARLY(number) INET_OPTION(IPPROTO_TCP, number, #number, SOCKET_OPTION_EARLY, 0)
#define TCP_LATE(number) INET_OPTION(IPPROTO_TCP, number, #number, SOCKET_OPTION_LATE, 0)
#define TCP_HOST(number) INET_HOST_OPTION(IPPROTO_TCP, number, #number, SOCKET_OPTION_LATE)

/*
 * Not here: TCP_INFO, TCP_CC_INFO, TCP_TIMESTAMP, TCP_SAVED_SYN and TCP_IS_MPTCP tell of the past;
 * TCP_QUICKACK is in force for a moment only; keys (TCP_MD5SIG, TCP_AO_*) cannot all be read, and TCP_ULP is
 * more than an option.
 */
static const struct socket_option_spec tcp_specs[] = {
	TCP_EARLY(TCP_FASTOPEN),
	TCP_EARLY(TCP_FASTOPEN_CONNECT),
	TCP_EARLY(TCP_FASTOPEN_NO_COOKIE),
	INET_BYTES(IPPROTO_TCP, TCP_FASTOPEN_KEY, "TCP_FASTOPEN_KEY", FASTOPEN_KEYS_SIZE, -1),
	{
		.level = IPPROTO_TCP,
		.number = TCP_CONGESTION,
		.name = "TCP_CONGESTION",
		.phase = SOCKET_OPTION_LATE,
		.depends_on_host = true,
		.capability = -1,
	},
	TCP_LATE(TCP_NODELAY),
	TCP_HOST(TCP_MAXSEG),
	TCP_LATE(TCP_CORK),
	TCP_HOST(TCP_KEEPIDLE),
	TCP_HOST(TCP_KEEPINTVL),
	TCP_HOST(TCP_KEEPCNT),
	TCP_HOST(TCP_SYNCNT),
	TCP_HOST(TCP_LINGER2),
	TCP_LATE(TCP_DEFER_ACCEPT),
	TCP_LATE(TCP_WINDOW_CLAMP),
	TCP_LATE(TCP_THIN_LINEAR_TIMEOUTS),
	TCP_LATE(TCP_THIN_DUPACK),
	TCP_LATE(TCP_USER_TIMEOUT),
	TCP_HOST(TCP_NOTSENT_LOWAT),
	TCP_LATE(TCP_SAVE_SYN),
	TCP_LATE(TCP_INQ),
	TCP_LATE(CR_TCP_TX_DELAY),
	TCP_HOST(CR_TCP_RTO_MAX_MS),
	TCP_HOST(CR_TCP_RTO_MIN_US),
	TCP_HOST(CR_TCP_DELACK_MAX_US),
};

const struct socket_option_table socket_options_tcp = {tcp_specs, ARRAY_SIZE(tcp_specs)};
