/* SPDX-License-Identifier: MIT */
/* Makes unix sockets whose other ends are elsewhere. */
#include "hold_unix.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

struct request {
	char role[32], name[100], peer[100];
	int type;
};

static int parse(const char *what, struct request *ret)
{
	char type[32];

	if (sscanf(what, "%31[^:]:%31[^:]:%99[^:]:%99[^:]", ret->role, type, ret->name, ret->peer) < 2)
		return -2;
	ret->type = strcmp(type, "stream") == 0      ? SOCK_STREAM
		    : strcmp(type, "datagram") == 0  ? SOCK_DGRAM
		    : strcmp(type, "seqpacket") == 0 ? SOCK_SEQPACKET
						     : 0;
	return ret->type ? 0 : -2;
}

static socklen_t fill_address(struct sockaddr_un *address, const char *name)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(address->sun_path, sizeof(address->sun_path), "%s", name);
	if (name[0] != '@')
		return sizeof(*address);
	address->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
}

static int bind_to(int fd, const char *name)
{
	struct sockaddr_un address;
	socklen_t size = fill_address(&address, name);

	return bind(fd, (struct sockaddr *)&address, size);
}

static int connect_to(int fd, const char *name)
{
	struct sockaddr_un address;
	socklen_t size = fill_address(&address, name);

	return connect(fd, (struct sockaddr *)&address, size);
}

/* Connects once there is somebody. */
static int answer(int fd, const char *name)
{
	for (int i = 0; i < 1000; i++) {
		if (connect_to(fd, name) == 0)
			return 0;
		usleep(2000);
	}
	return -1;
}

static int hold_accepted(const struct request *request, int fd)
{
	int accepted;

	if (bind_to(fd, request->name) < 0 || listen(fd, 5) < 0)
		return -1;
	accepted = accept(fd, NULL, NULL);
	close(fd);
	return accepted;
}

/* A grandchild that its parent leaves behind, until this process has ended. */
static int hold_half(int type)
{
	pid_t target = getpid(), child;
	int ends[2], status;

	if (socketpair(AF_UNIX, type, 0, ends) < 0)
		return -1;
	child = fork();
	if (child == 0) {
		struct pollfd end = {.fd = (int)syscall(SYS_pidfd_open, target, 0), .events = POLLIN};

		if (setsid() < 0 || fork() != 0)
			_exit(0);
		prctl(PR_SET_NAME, "refusal_other");
		close(ends[0]);
		_exit(poll(&end, 1, -1) == 1 ? 0 : 1);
	}
	close(ends[1]);
	waitpid(child, &status, 0);
	return ends[0];
}

static int hold_foreign(int type)
{
	int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), fd;

	if (own < 0 || unshare(CLONE_NEWNET) < 0)
		return -1;
	fd = socket(AF_UNIX, type, 0);
	if (fd < 0 || setns(own, CLONE_NEWNET) < 0)
		return -1;
	close(own);
	return fd;
}

/* Sends a byte over FD, and the descriptor PASSED with it. */
static int send_fd(int fd, int passed)
{
	union {
		char data[CMSG_SPACE(sizeof(int))];
		struct cmsghdr header;
	} control = {0};
	struct iovec part = {.iov_base = (char *)"x", .iov_len = 1};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.data,
		.msg_controllen = sizeof(control.data),
	};

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &passed, sizeof(passed));
	return sendmsg(fd, &message, 0) == 1 ? 0 : -1;
}

static int hold_queued(const struct request *request, int fd)
{
	bool is_owned = strcmp(request->role, "owned") == 0;
	int ends[2];

	if ((is_owned ? fcntl(fd, F_SETOWN, getpid()) : connect_to(fd, request->name)) < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0 || send_fd(ends[0], fd) < 0)
		return -1;
	close(ends[0]);
	close(fd);
	return ends[1];
}

/* A file that nobody has but the queue. */
static int send_alone(int fd)
{
	int alone = memfd_create("alone", MFD_CLOEXEC), r;

	if (alone < 0)
		return -1;
	r = send_fd(fd, alone);
	close(alone);
	return r;
}

/* Clients that go again before they are accepted, bound to the peer, if there is one. */
static int make_gone(const struct request *request, int count)
{
	for (int i = 0; i < count; i++) {
		int fd = socket(AF_UNIX, request->type, 0);

		if (fd < 0 || (request->peer[0] && bind_to(fd, request->peer) < 0) ||
		    connect_to(fd, request->name) < 0 || close(fd) < 0)
			return -1;
	}
	return dup(STDIN_FILENO);
}

int hold_unix(const char *what)
{
	static const char large[20000];
	struct request request = {.type = 0};
	int fd, r = parse(what, &request);

	if (r < 0)
		return r;
	if (strcmp(request.role, "half") == 0)
		return hold_half(request.type);
	if (strcmp(request.role, "foreign") == 0)
		return hold_foreign(request.type);
	if (strcmp(request.role, "gone") == 0)
		return make_gone(&request, request.peer[0] ? 2 : 1);
	fd = socket(AF_UNIX, request.type, 0);
	if (fd < 0)
		return -1;
	if (strcmp(request.role, "accepted") == 0)
		return hold_accepted(&request, fd);
	if (strcmp(request.role, "queued") == 0 || strcmp(request.role, "owned") == 0)
		return hold_queued(&request, fd);
	if (strcmp(request.role, "bound") == 0)
		r = bind_to(fd, request.name);
	else if (strcmp(request.role, "listening") == 0)
		r = bind_to(fd, request.name) < 0 || listen(fd, 5) < 0 ? -1 : 0;
	else if (strcmp(request.role, "connected") == 0)
		r = connect_to(fd, request.name);
	else if (strcmp(request.role, "early") == 0)
		r = connect_to(fd, request.name) < 0 || send(fd, large, 5, 0) != 5 ? -1 : 0;
	else if (strcmp(request.role, "early-large") == 0)
		r = connect_to(fd, request.name) < 0 || send(fd, large, sizeof(large), 0) != sizeof(large)
			    ? -1
			    : 0;
	else if (strcmp(request.role, "early-rights") == 0)
		r = connect_to(fd, request.name) < 0 ? -1 : send_alone(fd);
	else if (strcmp(request.role, "answering") == 0)
		r = bind_to(fd, request.name) < 0 ? -1 : answer(fd, request.peer);
	else if (strcmp(request.role, "both") == 0)
		r = bind_to(fd, request.name) < 0 || connect_to(fd, request.peer) < 0 ? -1 : 0;
	else
		return -2;
	return r < 0 ? -1 : fd;
}
