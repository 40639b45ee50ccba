/* SPDX-License-Identifier: MIT */
/* The options of internet sockets, ip(7), ipv6(7) and udp(7). */
#include <linux/capability.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ipv6.h>
#include <linux/udp.h>

#include "format/fd/inet_socket.h"

/* Newer than the headers that this may be built with. */
#define CR_IP_LOCAL_PORT_RANGE 51
#define CR_IPV6_RECVERR_RFC4884 31
#define CR_UDPLITE_SEND_CSCOV 10
#define CR_UDPLITE_RECV_CSCOV 11

/* An int. */
#define OPTION(level_, number_, phase_, fresh_)                                                              \
	{                                                                                                    \
		.level = (level_), .number = (number_), .name = #number_, .size = 4, .phase = (phase_),      \
		.fresh = (fresh_), .capability = -1                                                          \
	}
/* A new socket may have something else, by the family or the settings of the host. */
#define HOST_OPTION(level_, number_, phase_)                                                                 \
	{                                                                                                    \
		.level = (level_), .number = (number_), .name = #number_, .size = 4, .phase = (phase_),      \
		.depends_on_host = true, .capability = -1                                                    \
	}
/* Headers that go with each packet. */
#define BYTES(level_, number_, size_, capability_)                                                           \
	{                                                                                                    \
		.level = (level_), .number = (number_), .name = #number_, .size_max = (size_),               \
		.phase = SOCKET_OPTION_LATE, .capability = (capability_)                                     \
	}
#define PRIVILEGED(level_, number_, phase_, capability_)                                                     \
	{                                                                                                    \
		.level = (level_), .number = (number_), .name = #number_, .size = 4, .phase = (phase_),      \
		.capability = (capability_)                                                                  \
	}

#define IP_EARLY(number) OPTION(IPPROTO_IP, number, SOCKET_OPTION_EARLY, 0)
#define IP_LATE(number) OPTION(IPPROTO_IP, number, SOCKET_OPTION_LATE, 0)
#define IPV6_EARLY(number) OPTION(IPPROTO_IPV6, number, SOCKET_OPTION_EARLY, 0)
#define IPV6_LATE(number) OPTION(IPPROTO_IPV6, number, SOCKET_OPTION_LATE, 0)
#define UDP_LATE(number) OPTION(IPPROTO_UDP, number, SOCKET_OPTION_LATE, 0)

/*
 * Not here: IP_MTU, IP_PROTOCOL and IP_PKTOPTIONS tell of the socket; IP_UNICAST_IF has the number of an
 * interface, which the message holds by name; groups have their own; IP_XFRM_POLICY cannot be read.
 */
static const struct socket_option_spec ip_specs[] = {
	IP_EARLY(IP_FREEBIND),
	PRIVILEGED(IPPROTO_IP, IP_TRANSPARENT, SOCKET_OPTION_EARLY, CAP_NET_ADMIN),
	IP_EARLY(IP_BIND_ADDRESS_NO_PORT),
	IP_EARLY(IP_HDRINCL),
	IP_EARLY(IP_NODEFRAG),
	IP_LATE(CR_IP_LOCAL_PORT_RANGE),
	IP_LATE(IP_TOS),
	HOST_OPTION(IPPROTO_IP, IP_TTL, SOCKET_OPTION_LATE),
	HOST_OPTION(IPPROTO_IP, IP_MTU_DISCOVER, SOCKET_OPTION_LATE),
	BYTES(IPPROTO_IP, IP_OPTIONS, 40, -1),
	IP_LATE(IP_ROUTER_ALERT),
	IP_LATE(IP_RECVOPTS),
	IP_LATE(IP_RETOPTS),
	IP_LATE(IP_PKTINFO),
	IP_LATE(IP_RECVERR),
	IP_LATE(IP_RECVTTL),
	IP_LATE(IP_RECVTOS),
	IP_LATE(IP_PASSSEC),
	IP_LATE(IP_RECVORIGDSTADDR),
	IP_LATE(IP_MINTTL),
	IP_LATE(IP_CHECKSUM),
	IP_LATE(IP_RECVFRAGSIZE),
	IP_LATE(IP_RECVERR_RFC4884),
	OPTION(IPPROTO_IP, IP_MULTICAST_TTL, SOCKET_OPTION_LATE, 1),
	OPTION(IPPROTO_IP, IP_MULTICAST_LOOP, SOCKET_OPTION_LATE, 1),
	HOST_OPTION(IPPROTO_IP, IP_MULTICAST_ALL, SOCKET_OPTION_LATE),
	IP_LATE(IP_MULTICAST_IF),
};

/*
 * Not here: IPV6_FREEBIND and IPV6_TRANSPARENT, which are those of IP; IPV6_MULTICAST_IF and IPV6_UNICAST_IF,
 * which the message holds by name; IPV6_PKTINFO and IPV6_MTU, which cannot be read as they were set.
 */
static const struct socket_option_spec ipv6_specs[] = {
	HOST_OPTION(IPPROTO_IPV6, IPV6_V6ONLY, SOCKET_OPTION_EARLY),
	IPV6_EARLY(IPV6_HDRINCL),
	HOST_OPTION(IPPROTO_IPV6, IPV6_CHECKSUM, SOCKET_OPTION_EARLY),
	IPV6_LATE(IPV6_2292PKTINFO),
	IPV6_LATE(IPV6_2292HOPOPTS),
	IPV6_LATE(IPV6_2292DSTOPTS),
	IPV6_LATE(IPV6_2292RTHDR),
	IPV6_LATE(IPV6_2292HOPLIMIT),
	IPV6_LATE(IPV6_FLOWINFO),
	HOST_OPTION(IPPROTO_IPV6, IPV6_UNICAST_HOPS, SOCKET_OPTION_LATE),
	OPTION(IPPROTO_IPV6, IPV6_MULTICAST_HOPS, SOCKET_OPTION_LATE, 1),
	OPTION(IPPROTO_IPV6, IPV6_MULTICAST_LOOP, SOCKET_OPTION_LATE, 1),
	HOST_OPTION(IPPROTO_IPV6, IPV6_MTU_DISCOVER, SOCKET_OPTION_LATE),
	IPV6_LATE(IPV6_RECVERR),
	OPTION(IPPROTO_IPV6, IPV6_MULTICAST_ALL, SOCKET_OPTION_LATE, 1),
	IPV6_LATE(IPV6_ROUTER_ALERT_ISOLATE),
	IPV6_LATE(CR_IPV6_RECVERR_RFC4884),
	IPV6_LATE(IPV6_FLOWINFO_SEND),
	IPV6_LATE(IPV6_RECVPKTINFO),
	IPV6_LATE(IPV6_RECVHOPLIMIT),
	IPV6_LATE(IPV6_RECVHOPOPTS),
	BYTES(IPPROTO_IPV6, IPV6_HOPOPTS, SOCKET_OPTION_SIZE_MAX, CAP_NET_RAW),
	BYTES(IPPROTO_IPV6, IPV6_RTHDRDSTOPTS, SOCKET_OPTION_SIZE_MAX, CAP_NET_RAW),
	IPV6_LATE(IPV6_RECVRTHDR),
	BYTES(IPPROTO_IPV6, IPV6_RTHDR, SOCKET_OPTION_SIZE_MAX, -1),
	IPV6_LATE(IPV6_RECVDSTOPTS),
	BYTES(IPPROTO_IPV6, IPV6_DSTOPTS, SOCKET_OPTION_SIZE_MAX, CAP_NET_RAW),
	IPV6_LATE(IPV6_RECVPATHMTU),
	IPV6_LATE(IPV6_DONTFRAG),
	IPV6_LATE(IPV6_RECVTCLASS),
	IPV6_LATE(IPV6_TCLASS),
	HOST_OPTION(IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, SOCKET_OPTION_LATE),
	HOST_OPTION(IPPROTO_IPV6, IPV6_ADDR_PREFERENCES, SOCKET_OPTION_LATE),
	IPV6_LATE(IPV6_MINHOPCOUNT),
	IPV6_LATE(IPV6_ORIGDSTADDR),
	IPV6_LATE(IPV6_RECVFRAGSIZE),
};

static const struct socket_option_spec udp_specs[] = {
	UDP_LATE(UDP_CORK),
	UDP_LATE(UDP_ENCAP),
	UDP_LATE(UDP_NO_CHECK6_TX),
	UDP_LATE(UDP_NO_CHECK6_RX),
	UDP_LATE(UDP_SEGMENT),
	UDP_LATE(UDP_GRO),
	OPTION(IPPROTO_UDPLITE, CR_UDPLITE_SEND_CSCOV, SOCKET_OPTION_LATE, 0),
	OPTION(IPPROTO_UDPLITE, CR_UDPLITE_RECV_CSCOV, SOCKET_OPTION_LATE, 0),
};

const struct socket_option_table socket_options_ip = {ip_specs, ARRAY_SIZE(ip_specs)};
const struct socket_option_table socket_options_ipv6 = {ipv6_specs, ARRAY_SIZE(ipv6_specs)};
const struct socket_option_table socket_options_udp = {udp_specs, ARRAY_SIZE(udp_specs)};
