/* SPDX-License-Identifier: MIT */
/* What a valid socket without ports is. */
#include "format/fd/raw.h"

#include <errno.h>
#include <linux/icmpv6.h>
#include <linux/in6.h>
#include <netinet/in.h>

#include "format/fd/inet_option_specs.h"

/* <linux/icmp.h>, which does not go together with <netinet/ip_icmp.h> */
#define CR_ICMP_FILTER 1
/* As large as protocols are, which sk_protocol of the kernel holds in 16 bits. */
#define PROTOCOL_MAX UINT8_MAX

/* Of IPPROTO_RAW both headers are the program's from the start. */
static const struct socket_option_spec raw_specs[] = {
	INET_HOST_OPTION(IPPROTO_IP, IP_HDRINCL, "IP_HDRINCL", SOCKET_OPTION_EARLY),
	INET_OPTION(IPPROTO_IP, IP_NODEFRAG, "IP_NODEFRAG", SOCKET_OPTION_EARLY, 0),
	INET_HOST_OPTION(IPPROTO_IPV6, IPV6_HDRINCL, "IPV6_HDRINCL", SOCKET_OPTION_EARLY),
	/* At the level of IPv6 it may not be set for ICMPv6. */
	INET_HOST_OPTION(IPPROTO_RAW, IPV6_CHECKSUM, "IPV6_CHECKSUM", SOCKET_OPTION_EARLY),
	INET_OPTION(IPPROTO_RAW, CR_ICMP_FILTER, "ICMP_FILTER", SOCKET_OPTION_EARLY, 0),
	{
		.level = IPPROTO_ICMPV6,
		.number = ICMPV6_FILTER,
		.name = "ICMPV6_FILTER",
		.size_max = sizeof(struct icmp6_filter),
		.phase = SOCKET_OPTION_EARLY,
		.capability = -1,
	},
};

const struct socket_option_table socket_options_raw = {raw_specs, ARRAY_SIZE(raw_specs)};

static int refuse(const char *reason, const char **ret_reason)
{
	*ret_reason = reason;
	return -EBADMSG;
}

bool raw_is_ping(const Cr__InetSocket *socket)
{
	return socket->type == SOCK_DGRAM;
}

int raw_check(const Cr__RawSocket *socket, const char **ret_reason)
{
	const Cr__InetSocket *inet = socket->socket;
	uint32_t echo = inet && inet->family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;

	if (!inet)
		return refuse("it has no socket", ret_reason);
	if (inet->type != SOCK_RAW && (inet->type != SOCK_DGRAM || inet->protocol != echo))
		return refuse("it is no raw socket", ret_reason);
	if (inet->protocol == 0 || inet->protocol > PROTOCOL_MAX)
		return refuse("its protocol is none", ret_reason);
	if (inet->type == SOCK_RAW && inet->local && inet->local->port != 0)
		return refuse("it has a port, which no raw socket has", ret_reason);
	return inet_socket_check(inet, &socket_options_raw, ret_reason);
}
