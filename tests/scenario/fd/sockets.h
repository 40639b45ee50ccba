/* SPDX-License-Identifier: MIT */
/* What the scenarios of internet sockets have in common. */
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "scenario.h"

union socket_address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_storage storage;
};

/* HOST is numeric; one with a colon is of IPv6. */
static inline union socket_address sockets_address(const char *host, unsigned port)
{
	union socket_address address = {0};

	if (strchr(host, ':')) {
		address.in6.sin6_family = AF_INET6;
		address.in6.sin6_port = htons((uint16_t)port);
		scenario_check_equal(inet_pton(AF_INET6, host, &address.in6.sin6_addr), 1);
	} else {
		address.in.sin_family = AF_INET;
		address.in.sin_port = htons((uint16_t)port);
		scenario_check_equal(inet_pton(AF_INET, host, &address.in.sin_addr), 1);
	}
	return address;
}

static inline socklen_t sockets_address_size(const union socket_address *address)
{
	return address->any.sa_family == AF_INET ? sizeof(address->in) : sizeof(address->in6);
}

static inline bool sockets_is_same(const union socket_address *one, const union socket_address *other)
{
	if (one->any.sa_family != other->any.sa_family)
		return false;
	if (one->any.sa_family == AF_INET)
		return one->in.sin_port == other->in.sin_port &&
		       one->in.sin_addr.s_addr == other->in.sin_addr.s_addr;
	return one->in6.sin6_port == other->in6.sin6_port &&
	       memcmp(&one->in6.sin6_addr, &other->in6.sin6_addr, sizeof(one->in6.sin6_addr)) == 0;
}

static inline union socket_address sockets_own(int fd)
{
	union socket_address address = {0};
	socklen_t size = sizeof(address);

	scenario_call(getsockname(fd, &address.any, &size));
	return address;
}

static inline union socket_address sockets_peer(int fd)
{
	union socket_address address = {0};
	socklen_t size = sizeof(address);

	scenario_call(getpeername(fd, &address.any, &size));
	return address;
}

static inline unsigned sockets_port(int fd)
{
	union socket_address address = sockets_own(fd);

	return ntohs(address.any.sa_family == AF_INET ? address.in.sin_port : address.in6.sin6_port);
}

static inline void sockets_bind(int fd, const char *host, unsigned port)
{
	union socket_address address = sockets_address(host, port);

	scenario_call(bind(fd, &address.any, sockets_address_size(&address)));
}

static inline void sockets_connect(int fd, const char *host, unsigned port)
{
	union socket_address address = sockets_address(host, port);

	scenario_call(connect(fd, &address.any, sockets_address_size(&address)));
}

/* A socket of the family of HOST that is bound to it; TYPE may have SOCK_NONBLOCK and the like. */
static inline int sockets_bound(int type, const char *host, unsigned port)
{
	int fd = scenario_call(socket(strchr(host, ':') ? AF_INET6 : AF_INET, type, 0));

	sockets_bind(fd, host, port);
	return fd;
}

static inline int sockets_get(int fd, int level, int number)
{
	int value = 0;
	socklen_t size = sizeof(value);

	scenario_call(getsockopt(fd, level, number, &value, &size));
	return value;
}

static inline void sockets_set(int fd, int level, int number, int value)
{
	scenario_call(setsockopt(fd, level, number, &value, sizeof(value)));
}

/* What poll(2) tells of FD at once. */
static inline int sockets_poll(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP};

	scenario_call(poll(&poll_fd, 1, 0));
	return poll_fd.revents;
}

/* Waits until FD has something to read, which should be TEXT. */
static inline void sockets_await(int fd, const char *text)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	if (poll(&poll_fd, 1, 5000) != 1)
		scenario_fail("socket %d has received nothing, and not '%s'", fd, text);
}

static inline void sockets_send(int fd, const void *data, size_t size)
{
	scenario_check_equal(send(fd, data, size, MSG_NOSIGNAL), size);
}

static inline void sockets_send_to(int fd, const char *text, const char *host, unsigned port)
{
	union socket_address address = sockets_address(host, port);

	scenario_check_equal(sendto(fd, text, strlen(text), 0, &address.any, sockets_address_size(&address)),
			     strlen(text));
}

/* The next thing to be received is TEXT; of a datagram all of it. */
static inline void sockets_receive(int fd, const char *text)
{
	char buffer[70000];
	ssize_t size;

	sockets_await(fd, text);
	size = recv(fd, buffer, sizeof(buffer), 0);
	if (size != (ssize_t)strlen(text) || memcmp(buffer, text, strlen(text)) != 0)
		scenario_fail("received '%.*s' (%zd bytes), not '%s'", (int)size, buffer, size, text);
}

/* The same, from a sender. */
static inline void sockets_receive_from(int fd, const char *text, const union socket_address *sender)
{
	union socket_address from = {0};
	socklen_t from_size = sizeof(from);
	char buffer[70000];
	ssize_t size;

	sockets_await(fd, text);
	size = recvfrom(fd, buffer, sizeof(buffer), 0, &from.any, &from_size);
	if (size != (ssize_t)strlen(text) || memcmp(buffer, text, strlen(text)) != 0)
		scenario_fail("received '%.*s' (%zd bytes), not '%s'", (int)size, buffer, size, text);
	scenario_check(sockets_is_same(&from, sender));
}

static inline void sockets_check_empty(int fd)
{
	char byte;

	scenario_check_equal(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
	scenario_check_equal(errno, EAGAIN);
}
