/* SPDX-License-Identifier: MIT */
/* Sockets in snapshots. */
#include "snapshot_socket.h"

#include <errno.h>
#include <stdbool.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/compiler.h"

#define LINE_SIZE 1024
#define VALUE_SIZE 64

/* Options of a level, from 1 to LAST, without those that say something else each time, or take it away. */
static const struct {
	int level, last;
	int skipped[24];
} levels[] = {
	/* SO_ERROR, SO_PEERCRED, SO_PEERSEC, SO_PEERGROUPS, SO_PEERPIDFD, SO_INCOMING_CPU, SO_MEMINFO,
	 * SO_INCOMING_NAPI_ID, SO_COOKIE; those of a filter have another meaning */
	{SOL_SOCKET, 84, {4, 17, 26, 31, 49, 51, 52, 55, 56, 57, 59, 77}},
	{IPPROTO_IP, 52, {9, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48}},
	{IPPROTO_IPV6, 78, {6, 32, 48}},
	/* TCP_INFO, TCP_QUICKACK, TCP_TIMESTAMP, TCP_CC_INFO, TCP_SAVED_SYN, TCP_ZEROCOPY_RECEIVE */
	{IPPROTO_TCP, 46, {11, 12, 24, 26, 28, 35}},
	{IPPROTO_UDP, 104, {0}},
	{IPPROTO_UDPLITE, 11, {0}},
	{IPPROTO_RAW, 1, {0}},
	{IPPROTO_ICMPV6, 1, {0}},
	{270 /* SOL_NETLINK */, 12, {0}},
	{263 /* SOL_PACKET */, 24, {6 /* PACKET_STATISTICS takes them away */}},
};

static void format_bytes(const unsigned char *bytes, size_t size, char text[LINE_SIZE])
{
	text[0] = '\0';
	for (size_t i = 0; i < MIN(size, (size_t)VALUE_SIZE); i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
}

static int add_option(pid_t pid, int fd, int socket_fd, int level, int number,
		      int (*add)(void *context, const char *line), void *context)
{
	unsigned char value[VALUE_SIZE] = {0};
	char line[LINE_SIZE + 128], text[LINE_SIZE];
	socklen_t size = sizeof(value);

	if (getsockopt(socket_fd, level, number, value, &size) < 0)
		return 0;
	format_bytes(value, size, text);
	snprintf(line, sizeof(line), "/proc/%d/fd/%d: option %d of level %d: %s", (int)pid, fd, number, level,
		 text);
	return add(context, line);
}

static bool is_skipped(size_t level, int number)
{
	for (size_t i = 0; i < ARRAY_SIZE(levels[level].skipped); i++)
		if (levels[level].skipped[i] == number)
			return true;
	return false;
}

/* Options that tell, of a TCP socket that is or was connected, what has come of the connection. */
static const struct {
	int level, number;
} outcomes[] = {
	{IPPROTO_TCP, TCP_MAXSEG},
	{IPPROTO_IP, 14 /* IP_MTU */},
	{IPPROTO_IP, 52 /* IP_PROTOCOL: the port */},
	{IPPROTO_IP, IP_MULTICAST_TTL},
	{IPPROTO_IPV6, IPV6_MULTICAST_IF},
	{IPPROTO_IPV6, IPV6_MULTICAST_HOPS},
	{IPPROTO_IPV6, IPV6_V6ONLY},
};

static bool is_outcome(int level, int number)
{
	for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++)
		if (outcomes[i].level == level && outcomes[i].number == number)
			return true;
	return false;
}

/* SO_PEERNAME of a stream socket of the internet. */
static bool was_connected(int fd)
{
	struct sockaddr_in peer; /* it does not take room for more than there is */
	int protocol = 0;
	socklen_t size = sizeof(peer), protocol_size = sizeof(protocol);

	return getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &protocol_size) == 0 &&
	       protocol == IPPROTO_TCP && getsockopt(fd, SOL_SOCKET, 28, &peer, &size) == 0;
}

static int add_address(pid_t pid, int fd, int socket_fd, const char *what,
		       int (*ask)(int, struct sockaddr *, socklen_t *),
		       int (*add)(void *context, const char *line), void *context)
{
	struct sockaddr_storage address = {0};
	char line[LINE_SIZE + 128], text[LINE_SIZE];
	socklen_t size = sizeof(address);

	/* The number of a netlink socket may be another; the names of unix sockets are shown elsewhere. */
	if (ask(socket_fd, (struct sockaddr *)&address, &size) < 0)
		return 0;
	format_bytes((const unsigned char *)&address, size, text);
	snprintf(line, sizeof(line), "/proc/%d/fd/%d: %s address: %s", (int)pid, fd, what, text);
	return add(context, line);
}

int snapshot_socket(pid_t pid, int fd, int (*add)(void *context, const char *line), void *context)
{
	cleanup_close int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	cleanup_close int socket_fd = pidfd < 0 ? -EBADF : (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	bool is_connected;
	int r;

	if (socket_fd < 0)
		return -errno;
	is_connected = was_connected(socket_fd);
	r = add_address(pid, fd, socket_fd, "own", getsockname, add, context);
	if (r == 0)
		r = add_address(pid, fd, socket_fd, "peer", getpeername, add, context);
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
		for (int number = 1; r == 0 && number <= levels[i].last; number++)
			if (!is_skipped(i, number) && !(is_connected && is_outcome(levels[i].level, number)))
				r = add_option(pid, fd, socket_fd, levels[i].level, number, add, context);
	return r;
}
