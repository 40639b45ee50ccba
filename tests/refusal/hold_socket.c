/* SPDX-License-Identifier: MIT */
/* Makes sockets in states that cannot be preserved, or not everywhere. Ports are from 4001 on. */
#include "hold_socket.h"

#include "hold_packet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mroute.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in address_of(const char *host, unsigned port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

	inet_pton(AF_INET, host, &address.sin_addr);
	return address;
}

static int bound(int type, const char *host, unsigned port)
{
	struct sockaddr_in address = address_of(host, port);
	int fd = socket(AF_INET, type, 0);

	return fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? -1 : fd;
}

static int send_to(int fd, const char *host, unsigned port, int flags)
{
	struct sockaddr_in address = address_of(host, port);

	return sendto(fd, "data", 4, flags, (struct sockaddr *)&address, sizeof(address)) == 4 ? fd : -1;
}

static int make_udp(void)
{
	return bound(SOCK_DGRAM, "127.0.0.1", 4001);
}

static int make_udp_corked(void)
{
	return send_to(make_udp(), "127.0.0.1", 4002, MSG_MORE);
}

/* Connected by IPv6 first and by IPv4 then. */
static int make_udp_versions(void)
{
	static const char *const peers[] = {"::1", "::ffff:127.0.0.1"};
	struct sockaddr_in6 peer = {.sin6_family = AF_INET6, .sin6_port = htons(4002)};
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);

	for (size_t i = 0; i < 2; i++)
		if (inet_pton(AF_INET6, peers[i], &peer.sin6_addr) != 1 ||
		    connect(fd, (struct sockaddr *)&peer, sizeof(peer)) < 0)
			return -1;
	return fd;
}

/* A datagram that came for a group waits. */
static int make_udp_group(void)
{
	struct ip_mreq request = {.imr_interface.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = bound(SOCK_DGRAM, "239.1.2.3", 4001), sender = socket(AF_INET, SOCK_DGRAM, 0);

	inet_pton(AF_INET, "239.1.2.3", &request.imr_multiaddr);
	if (fd < 0 || setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(request)) < 0 ||
	    setsockopt(sender, IPPROTO_IP, IP_MULTICAST_IF, &request.imr_interface, 4) < 0 ||
	    send_to(sender, "239.1.2.3", 4001, 0) < 0)
		return -1;
	close(sender);
	return fd;
}

/* Nobody is there to receive, which is told by an error, and in detail (MSG_ERRQUEUE). */
static int make_udp_error(void)
{
	struct sockaddr_in address = address_of("127.0.0.1", 4999);
	struct pollfd error = {.fd = make_udp()};
	const int on = 1;

	if (setsockopt(error.fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on)) < 0 ||
	    connect(error.fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    send(error.fd, "x", 1, 0) != 1)
		return -1;
	return poll(&error, 1, 5000) == 1 ? error.fd : -1;
}

/* A socket of another network than that of its process. */
static int make_udp_elsewhere(void)
{
	int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), fd;

	if (here < 0 || unshare(CLONE_NEWNET) < 0)
		return -1;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (setns(here, CLONE_NEWNET) < 0)
		return -1;
	close(here);
	return fd;
}

static int make_udp_device(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "v0", 2) < 0 ? -1 : fd;
}

static int make_udp_address(void)
{
	return bound(SOCK_DGRAM, "10.1.2.3", 4001);
}

static int make_udp_waiting(void)
{
	int fd = make_udp(), sender = socket(AF_INET, SOCK_DGRAM, 0);

	if (send_to(sender, "127.0.0.1", 4001, 0) < 0)
		return -1;
	close(sender);
	return fd;
}

static int listening(unsigned port)
{
	int fd = bound(SOCK_STREAM, "127.0.0.1", port);
	const int on = 1;

	return fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 || listen(fd, 5) < 0
		       ? -1
		       : fd;
}

static int make_tcp_listening(void)
{
	return listening(4001);
}

/* A connection to the socket LISTENER. */
static int connected(int listener)
{
	struct sockaddr_in address;
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (getsockname(listener, (struct sockaddr *)&address, &size) < 0 ||
	    connect(fd, (struct sockaddr *)&address, size) < 0)
		return -1;
	return fd;
}

/* Both ends are open, at whatever port is free. */
static int make_tcp_connected(void)
{
	int listener = listening(0), fd = connected(listener);

	if (fd < 0 || accept(listener, NULL, NULL) < 0)
		return -1;
	close(listener);
	return fd;
}

static int make_tcp_backlog(void)
{
	int listener = listening(4001);

	return connected(listener) < 0 || connected(listener) < 0 ? -1 : listener;
}

/* One that nobody has accepted, and that has been reset. */
static int make_tcp_backlog_reset(void)
{
	const struct linger at_once = {.l_onoff = 1};
	int listener = listening(4001), fd = connected(listener);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)) < 0)
		return -1;
	close(fd);
	return listener;
}

static int make_tcp_backlog_urgent(void)
{
	int listener = listening(4001), fd = connected(listener);

	return fd < 0 || send(fd, "x", 1, MSG_OOB) != 1 ? -1 : listener;
}

/* It came before SO_KEEPALIVE was set, and is without. */
static int make_tcp_backlog_options(void)
{
	int listener = listening(4001), fd = connected(listener);
	const int on = 1;

	return fd < 0 || setsockopt(listener, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)) < 0 ? -1 : listener;
}

/* To one of two that share the port. */
static int make_tcp_backlog_group(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(4001)};
	int fds[2];

	for (size_t i = 0; i < 2; i++) {
		const int on = 1;

		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (setsockopt(fds[i], SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) < 0 ||
		    bind(fds[i], (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fds[i], 5) < 0)
			return -1;
	}
	return connected(fds[0]) < 0 ? -1 : fds[0];
}

/* With a byte out of band that has not been read. */
static int make_tcp_urgent(void)
{
	int listener = listening(0), fd = connected(listener), other = accept(listener, NULL, NULL);

	if (other < 0 || send(other, "x", 1, MSG_OOB) != 1 ||
	    poll(&(struct pollfd){.fd = fd, .events = POLLPRI}, 1, 5000) != 1)
		return -1;
	close(listener);
	return fd;
}

/* It has been read, and what comes before and behind it has not. */
static int make_tcp_urgent_read(void)
{
	int listener = listening(0), fd = connected(listener), other = accept(listener, NULL, NULL);
	char byte;

	if (other < 0 || send(other, "before", 6, 0) != 6 || send(other, "x", 1, MSG_OOB) != 1 ||
	    send(other, "behind", 6, 0) != 6 ||
	    poll(&(struct pollfd){.fd = fd, .events = POLLPRI}, 1, 5000) != 1 ||
	    recv(fd, &byte, 1, MSG_OOB) != 1)
		return -1;
	close(listener);
	return fd;
}

/* Behind more than the other side takes. */
static int make_tcp_urgent_sent(void)
{
	static const char data[200000];
	const int room = 1 << 20, little = 4096;
	int listener = listening(0), fd, other;

	if (setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &little, sizeof(little)) < 0)
		return -1;
	fd = connected(listener);
	other = accept(listener, NULL, NULL);
	if (other < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) < 0 ||
	    send(fd, data, sizeof(data), MSG_DONTWAIT) != sizeof(data) ||
	    send(fd, "x", 1, MSG_OOB | MSG_DONTWAIT) != 1)
		return -1;
	close(listener);
	return fd;
}

/* A routing daemon's, on the loopback interface. */
static int make_raw_router(void)
{
	struct vifctl interface = {
		.vifc_flags = VIFF_USE_IFINDEX, .vifc_threshold = 1, .vifc_lcl_ifindex = 1};
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_IGMP);
	const int on = 1;

	return setsockopt(fd, IPPROTO_IP, MRT_INIT, &on, sizeof(on)) < 0 ||
			       setsockopt(fd, IPPROTO_IP, MRT_ADD_VIF, &interface, sizeof(interface)) < 0
		       ? -1
		       : fd;
}

/* Needs net.ipv4.ping_group_range. */
static int make_ping_waiting(void)
{
	struct sockaddr_in address = address_of("127.0.0.1", 0);
	const unsigned char request[16] = {8};
	int fd = socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);

	if (sendto(fd, request, sizeof(request), 0, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -1;
	return poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 5000) == 1 ? fd : -1;
}

static int make_ping(void)
{
	struct sockaddr_in address = address_of("127.0.0.1", 77);
	int fd = socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);

	return bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? -1 : fd;
}

static int make_raw(void)
{
	struct sockaddr_in address = address_of("127.0.0.1", 0);
	int fd = socket(AF_INET, SOCK_RAW, 253);

	return bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? -1 : fd;
}

static int netlink(int protocol, uint32_t port, uint32_t groups)
{
	const struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_pid = port, .nl_groups = groups};
	int fd = socket(AF_NETLINK, SOCK_RAW, protocol);

	return fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? -1 : fd;
}

static int make_netlink(void)
{
	return netlink(NETLINK_ROUTE, 4711, 0);
}

static int make_netlink_waiting(void)
{
	const struct {
		struct nlmsghdr header;
		struct ifinfomsg about;
	} question = {
		{.nlmsg_len = sizeof(question), .nlmsg_type = RTM_GETLINK, .nlmsg_flags = NLM_F_REQUEST},
		{.ifi_family = AF_UNSPEC, .ifi_index = 1},
	};
	int fd = netlink(NETLINK_ROUTE, 0, 0);

	return send(fd, &question, sizeof(question), 0) == (ssize_t)sizeof(question) ? fd : -1;
}

/* The list of unix sockets is too long for one answer, and none is read. */
static int make_netlink_listing(void)
{
	const struct {
		struct nlmsghdr header;
		struct unix_diag_req about;
	} question = {
		{.nlmsg_len = sizeof(question),
		 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		{.sdiag_family = AF_UNIX, .udiag_states = ~0U, .udiag_show = UDIAG_SHOW_MEMINFO},
	};
	int fd = netlink(NETLINK_SOCK_DIAG, 0, 0), others[300];

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		others[i] = socket(AF_UNIX, SOCK_STREAM, 0);
	if (send(fd, &question, sizeof(question), 0) != (ssize_t)sizeof(question))
		return -1;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		close(others[i]);
	return fd;
}

static int make_netlink_process_events(void)
{
	return netlink(NETLINK_CONNECTOR, 0, 1);
}

static const struct {
	const char *what;
	int (*make)(void);
} sockets[] = {
	{"netlink", make_netlink},
	{"netlink-waiting", make_netlink_waiting},
	{"netlink-listing", make_netlink_listing},
	{"netlink-process-events", make_netlink_process_events},
	{"ping", make_ping},
	{"raw", make_raw},
	{"raw-router", make_raw_router},
	{"ping-waiting", make_ping_waiting},
	{"udp", make_udp},
	{"udp-corked", make_udp_corked},
	{"udp-versions", make_udp_versions},
	{"udp-group", make_udp_group},
	{"udp-error", make_udp_error},
	{"udp-elsewhere", make_udp_elsewhere},
	{"udp-device", make_udp_device},
	{"udp-address", make_udp_address},
	{"udp-waiting", make_udp_waiting},
	{"tcp-listening", make_tcp_listening},
	{"tcp-connected", make_tcp_connected},
	{"tcp-backlog", make_tcp_backlog},
	{"tcp-backlog-reset", make_tcp_backlog_reset},
	{"tcp-backlog-urgent", make_tcp_backlog_urgent},
	{"tcp-backlog-options", make_tcp_backlog_options},
	{"tcp-backlog-group", make_tcp_backlog_group},
	{"tcp-urgent", make_tcp_urgent},
	{"tcp-urgent-read", make_tcp_urgent_read},
	{"tcp-urgent-sent", make_tcp_urgent_sent},
};

int hold_socket(const char *what)
{
	for (size_t i = 0; i < sizeof(sockets) / sizeof(sockets[0]); i++)
		if (strcmp(what, sockets[i].what) == 0)
			return sockets[i].make();
	return hold_packet(what);
}
