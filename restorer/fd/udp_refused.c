/* SPDX-License-Identifier: MIT */
/* The error by which a connected socket is told that nobody has received what it sent. */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "restorer/fd/udp.h"

/* The kernel answers itself over the loopback, mostly before send(2) is over. */
#define ANSWER_TIMEOUT_MS 1000

/* Another socket at the address of IMAGE, with a port that nobody else has. */
static int make_neighbour(const Cr__InetSocket *image, int *ret_fd)
{
	struct inet_address own = inet_image_address(image->local);
	struct sockaddr_storage storage;
	cleanup_close int fd = socket((int)image->family, SOCK_DGRAM | SOCK_CLOEXEC, (int)image->protocol);
	const int off = 0;

	own.port = 0;
	if (fd < 0 ||
	    (image->family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) < 0) ||
	    bind(fd, (struct sockaddr *)&storage, inet_address_to_sockaddr(&own, &storage)) < 0)
		return -errno;
	*ret_fd = take_fd(&fd);
	return 0;
}

/* FD sends to a socket that is connected to itself, and so is found for nobody else. */
static int send_to_nobody(const Cr__InetSocket *image, int fd)
{
	struct pollfd state = {.fd = fd};
	struct sockaddr_storage storage;
	struct sockaddr *nobody = (struct sockaddr *)&storage;
	cleanup_close int nobody_fd = -EBADF;
	socklen_t size = sizeof(storage);
	int r = make_neighbour(image, &nobody_fd);

	if (r < 0)
		return r;
	if (getsockname(nobody_fd, nobody, &size) < 0 || connect(nobody_fd, nobody, size) < 0 ||
	    connect(fd, nobody, size) < 0 || send(fd, "", 1, MSG_DONTWAIT) < 0)
		return -errno;
	r = poll(&state, 1, ANSWER_TIMEOUT_MS);
	return r < 0 ? -errno : r == 1 && state.revents & POLLERR ? 0 : -ETIMEDOUT;
}

int udp_refuse_again(const Cr__InetSocket *image, int fd)
{
	int r = send_to_nobody(image, fd);

	return r < 0 ? log_error_errno(r, "cannot make the error again that it has not been told of") : 0;
}

int udp_try_refusal(const Cr__InetSocket *image)
{
	cleanup_close int fd = -EBADF;
	int r = make_neighbour(image, &fd);

	return r < 0 ? r : send_to_nobody(image, fd);
}
