/* SPDX-License-Identifier: MIT */
/*
 * Urgent data, tcp(7): a byte out of band that the program has not read, or a mark in the stream that it has
 * not passed. Neither can be made again; nor can it be said to the other side again what was said of a byte
 * that it has not acknowledged.
 */
#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>

#include "common/cleanup.h"
#include "dumper/fd/tcp.h"

/* A byte that can be read, or one that is yet to come. */
static bool has_byte(int fd)
{
	struct pollfd urgent = {.fd = fd, .events = POLLPRI};
	ssize_t got;
	char byte;

	if (poll(&urgent, 1, 0) == 1 && urgent.revents & POLLPRI)
		return true;
	got = recv(fd, &byte, 1, MSG_OOB | MSG_PEEK | MSG_DONTWAIT);
	return got == 1 || (got < 0 && errno == EAGAIN);
}

/*
 * Of a byte that was read out of band the place in the stream remains, at which reading stops, and SIOCINQ
 * counts no further; but to the end with SO_OOBINLINE. More may arrive at any time, so the smaller number has
 * to come last.
 */
static int has_mark(struct option_guard *guard, const struct tcp_entry *entry, int fd, bool *ret_has_mark)
{
	int at_mark = 0, until_mark = 0, all = 0, r;

	if (ioctl(fd, SIOCATMARK, &at_mark) < 0 || ioctl(fd, SIOCINQ, &until_mark) < 0)
		return -errno;
	*ret_has_mark = at_mark;
	if (at_mark || until_mark == 0 ||
	    socket_options_get_int(entry->inet.image->shared_options, SOL_SOCKET, SO_OOBINLINE, 0) != 0)
		return 0;
	r = option_guard_set(guard, fd, SOL_SOCKET, SO_OOBINLINE, 1);
	if (r == 0 && ioctl(fd, SIOCINQ, &all) < 0)
		r = -errno;
	option_guard_restore(guard);
	if (r == 0 && ioctl(fd, SIOCINQ, &until_mark) < 0)
		r = -errno;
	*ret_has_mark = until_mark < all;
	return r;
}

/* No call tells. Where the kernel's memory may not be seen, it is not known. */
static bool has_sent(struct tcp_sockets *sockets, int fd)
{
	uint64_t urgent = 0, acknowledged = 0;
	int waiting = 0;

	if (ioctl(fd, SIOCOUTQ, &waiting) < 0 || waiting == 0)
		return false;
	if (!sockets->kernel && !sockets->is_kernel_closed)
		sockets->is_kernel_closed = kernel_sockets_open(&sockets->kernel) < 0;
	return sockets->kernel && kernel_sockets_read(sockets->kernel, fd, "tcp_sock.snd_up", &urgent) == 0 &&
	       kernel_sockets_read(sockets->kernel, fd, "tcp_sock.snd_una", &acknowledged) == 0 &&
	       (int32_t)(uint32_t)(urgent - acknowledged) > 0;
}

int tcp_urgent_check(struct dump *dump, const struct tcp_entry *entry, int fd)
{
	struct tcp_sockets *sockets = tcp_sockets_of(dump);
	bool has_received = has_byte(fd);
	int r = has_received ? 0 : has_mark(sockets->guard, entry, fd, &has_received);

	if (r < 0)
		return r;
	if (has_received)
		blockers_add(&dump->blockers,
			     "%s has received urgent data (MSG_OOB) that the program has not read, or not "
			     "passed, which cannot be preserved: try again when it has",
			     entry->inet.description);
	if (has_sent(sockets, fd))
		blockers_add(&dump->blockers,
			     "%s has sent urgent data (MSG_OOB) that the other side has not acknowledged, "
			     "which cannot be preserved: try again when it has",
			     entry->inet.description);
	return 0;
}
