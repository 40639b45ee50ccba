/* SPDX-License-Identifier: MIT */
/* What the scenarios of unix sockets have in common. */
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenario.h"

struct unix_name {
	struct sockaddr_un address;
	socklen_t size;
};

/* '@' in front makes it abstract, below a prefix of ours. */
static inline struct unix_name unix_name(const char *text)
{
	struct unix_name name = {.address = {.sun_family = AF_UNIX}};

	if (text[0] == '@')
		name.size = (socklen_t)offsetof(struct sockaddr_un, sun_path) + 1 +
			    (socklen_t)snprintf(name.address.sun_path + 1, sizeof(name.address.sun_path) - 1,
						"cr-scenario-%s", text + 1);
	else
		name.size =
			(socklen_t)offsetof(struct sockaddr_un, sun_path) + 1 +
			(socklen_t)snprintf(name.address.sun_path, sizeof(name.address.sun_path), "%s", text);
	return name;
}

static inline int unix_new(int type)
{
	return scenario_call(socket(AF_UNIX, type, 0));
}

static inline void unix_bind(int fd, const char *text)
{
	struct unix_name name = unix_name(text);

	scenario_call(bind(fd, (struct sockaddr *)&name.address, name.size));
}

static inline void unix_connect(int fd, const char *text)
{
	struct unix_name name = unix_name(text);

	scenario_call(connect(fd, (struct sockaddr *)&name.address, name.size));
}

static inline int unix_listen(int type, const char *text, int backlog)
{
	int fd = unix_new(type);

	unix_bind(fd, text);
	scenario_call(listen(fd, backlog));
	return fd;
}

static inline int unix_client(int type, const char *text)
{
	int fd = unix_new(type);

	unix_connect(fd, text);
	return fd;
}

static inline int unix_accept(int listener)
{
	return scenario_call(accept(listener, NULL, NULL));
}

static inline void unix_check_name(const struct sockaddr_un *address, socklen_t size, const char *text)
{
	struct unix_name expected = unix_name(text);

	scenario_check_equal(address->sun_family, AF_UNIX);
	if (text[0] == '\0') {
		scenario_check_equal(size, offsetof(struct sockaddr_un, sun_path));
		return;
	}
	scenario_check_equal(size, expected.size);
	if (memcmp(address->sun_path, expected.address.sun_path,
		   size - offsetof(struct sockaddr_un, sun_path)) != 0)
		scenario_fail("the name is '%s' instead of '%s'", address->sun_path, text);
}

/* Its own name, and that of what it is connected to; "" for none, NULL: not asked for. */
static inline void unix_check_names(int fd, const char *own, const char *peer)
{
	struct sockaddr_un address;
	socklen_t size = sizeof(address);

	if (own) {
		scenario_call(getsockname(fd, (struct sockaddr *)&address, &size));
		unix_check_name(&address, size, own);
	}
	size = sizeof(address);
	if (peer) {
		scenario_call(getpeername(fd, (struct sockaddr *)&address, &size));
		unix_check_name(&address, size, peer);
	}
}

static inline void unix_check_unconnected(int fd)
{
	struct sockaddr_un address;
	socklen_t size = sizeof(address);

	scenario_check(getpeername(fd, (struct sockaddr *)&address, &size) < 0 && errno == ENOTCONN);
}

static inline void unix_say(int fd, const char *text)
{
	scenario_check_equal(send(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL), strlen(text));
}

static inline void unix_say_to(int fd, const char *to, const char *text)
{
	struct unix_name name = unix_name(to);

	scenario_check_equal(
		sendto(fd, text, strlen(text), MSG_DONTWAIT, (struct sockaddr *)&name.address, name.size),
		strlen(text));
}

/* One call gets exactly this. */
static inline void unix_hear(int fd, const char *text)
{
	char buffer[256];
	ssize_t size = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);

	if (size != (ssize_t)strlen(text) || memcmp(buffer, text, (size_t)size) != 0)
		scenario_fail("got '%.*s' (%zd: %s) instead of '%s'", (int)(size < 0 ? 0 : size), buffer,
			      size, strerror(errno), text);
}

static inline void unix_hear_from(int fd, const char *from, const char *text)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t size = sizeof(address);
	char buffer[256];

	scenario_check_equal(
		recvfrom(fd, buffer, sizeof(buffer), MSG_DONTWAIT, (struct sockaddr *)&address, &size),
		strlen(text));
	scenario_check(memcmp(buffer, text, strlen(text)) == 0);
	if (from[0] == '\0')
		scenario_check_equal(size, 0);
	else
		unix_check_name(&address, size, from);
}

static inline void unix_hear_nothing(int fd)
{
	char byte;

	scenario_check(recv(fd, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN);
}

static inline void unix_hear_end(int fd)
{
	char byte;

	scenario_check_equal(recv(fd, &byte, 1, MSG_DONTWAIT), 0);
}

/* Both ways. */
static inline void unix_check_connected(int left, int right)
{
	unix_say(left, "to the right");
	unix_hear(right, "to the right");
	unix_say(right, "to the left");
	unix_hear(left, "to the left");
}

/* A new client finds the listening socket by its name. */
static inline void unix_check_serves(int listener, int type, const char *name)
{
	int client = unix_client(type, name), server = unix_accept(listener);

	unix_check_connected(client, server);
	scenario_call(close(client));
	scenario_call(close(server));
}

static inline int unix_poll(int fd)
{
	struct pollfd state = {.fd = fd, .events = POLLIN | POLLOUT | POLLPRI | POLLRDHUP};

	scenario_call(poll(&state, 1, 0));
	return state.revents;
}

static inline int unix_option(int fd, int number)
{
	int value = -1;
	socklen_t size = sizeof(value);

	scenario_call(getsockopt(fd, SOL_SOCKET, number, &value, &size));
	return value;
}

static inline void unix_set_option(int fd, int number, int value)
{
	scenario_call(setsockopt(fd, SOL_SOCKET, number, &value, sizeof(value)));
}

/* Who the peer is. */
static inline struct ucred unix_peer(int fd)
{
	struct ucred credentials;
	socklen_t size = sizeof(credentials);

	scenario_call(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size));
	return credentials;
}

/* Sends TEXT with descriptors. */
static inline void unix_send_fds(int fd, const char *text, const int *fds, size_t count)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(16 * sizeof(int))] = {0};
	struct iovec part = {(void *)(uintptr_t)text, strlen(text)};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = CMSG_SPACE(count * sizeof(int)),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(header), fds, count * sizeof(int));
	scenario_check_equal(sendmsg(fd, &message, MSG_DONTWAIT), part.iov_len);
}

/* One call gets TEXT and COUNT descriptors. */
static inline void unix_receive_fds(int fd, const char *text, int *ret_fds, size_t count)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(16 * sizeof(int))] = {0};
	char buffer[256];
	struct iovec part = {buffer, sizeof(buffer)};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *header;

	scenario_check_equal(recvmsg(fd, &message, MSG_DONTWAIT), strlen(text));
	scenario_check(memcmp(buffer, text, strlen(text)) == 0);
	header = CMSG_FIRSTHDR(&message);
	if (count == 0) {
		scenario_check(!header);
		return;
	}
	scenario_check(header && header->cmsg_type == SCM_RIGHTS);
	scenario_check_equal(header->cmsg_len, CMSG_LEN(count * sizeof(int)));
	memcpy(ret_fds, CMSG_DATA(header), count * sizeof(int));
}

/* The same, with the credentials of who sent it (SO_PASSCRED); PID 0: none. */
static inline void unix_hear_as(int fd, const char *text, pid_t pid, uid_t uid, gid_t gid)
{
	_Alignas(struct cmsghdr) char control[256] = {0};
	char buffer[64];
	struct iovec part = {buffer, sizeof(buffer)};
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = 256};
	struct ucred credentials;
	struct cmsghdr *header;

	scenario_check_equal(recvmsg(fd, &message, MSG_DONTWAIT), strlen(text));
	scenario_check(memcmp(buffer, text, strlen(text)) == 0);
	header = CMSG_FIRSTHDR(&message);
	scenario_check(header && header->cmsg_type == SCM_CREDENTIALS);
	memcpy(&credentials, CMSG_DATA(header), sizeof(credentials));
	scenario_check_equal(credentials.pid, pid);
	scenario_check_equal(credentials.uid, pid ? uid : 65534);
	scenario_check_equal(credentials.gid, pid ? gid : 65534);
}

/* By a process that has ended then: its id. */
static inline pid_t unix_say_as(int fd, const char *text, uid_t uid, gid_t gid)
{
	pid_t child = scenario_call(fork());
	int status;

	if (child == 0) {
		scenario_call(setgid(gid));
		scenario_call(setuid(uid));
		unix_say(fd, text);
		_exit(0);
	}
	scenario_call(waitpid(child, &status, 0));
	scenario_check_equal(status, 0);
	return child;
}
