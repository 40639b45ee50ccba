/* SPDX-License-Identifier: MIT */
/* Makes a graph at random, and knows what has to become of it. */
#include "graph.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct end ends[ENDS_MAX];
unsigned ends_count, tree_count;
uint64_t seed;
unsigned self;

static int types[OBJECTS_MAX];
static uint64_t random_state;

void fail(const char *format, ...)
{
	FILE *file = fopen("failed", "a");
	va_list arguments;

	if (file) {
		fprintf(file, "process %u: ", self);
		va_start(arguments, format);
		vfprintf(file, format, arguments);
		va_end(arguments);
		fprintf(file, " (%s)\n", strerror(errno));
		fclose(file);
	}
	_exit(EXIT_FAILURE);
}

static unsigned below(unsigned limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)(random_state >> 11) % limit;
}

unsigned peer_of(unsigned end)
{
	return end ^ 1;
}

int type_of(unsigned end)
{
	return types[end / 2];
}

bool is_read_end(unsigned end)
{
	return type_of(end) != 0 || end % 2 == 0;
}

bool is_write_end(unsigned end)
{
	return type_of(end) != 0 || end % 2 == 1;
}

bool is_open(unsigned end)
{
	return ends[end].is_inside || ends[end].is_outside;
}

unsigned char byte_at(unsigned end, size_t offset)
{
	return (unsigned char)(offset * 2654435761U >> 11 ^ end * 37 ^ seed);
}

/* -1 and ETOOMANYREFS: they lie too deep in each other's queues for this kernel. */
static ssize_t send_to(unsigned end, const struct message *message, const unsigned char *data)
{
	_Alignas(struct cmsghdr) unsigned char control[CMSG_SPACE(sizeof(int) * MESSAGE_ENDS_MAX)] = {0};
	size_t fds_size = message->ends_count * sizeof(int);
	struct iovec part = {(void *)(uintptr_t)data, message->size};
	struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
	struct cmsghdr *rights;

	if (message->ends_count == 0)
		return write(ends[peer_of(end)].fd, data, message->size);
	header.msg_control = control;
	header.msg_controllen = CMSG_SPACE(fds_size);
	rights = CMSG_FIRSTHDR(&header);
	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(fds_size);
	for (unsigned i = 0; i < message->ends_count; i++)
		memcpy(CMSG_DATA(rights) + i * sizeof(int), &ends[message->ends[i]].fd, sizeof(int));
	return sendmsg(ends[peer_of(end)].fd, &header, 0);
}

static void fill(unsigned end)
{
	unsigned char data[MESSAGE_SIZE_MAX];
	size_t begin = 0;

	for (unsigned i = below(MESSAGES_MAX + 1); i > 0; i--) {
		struct message *message = &ends[end].messages[ends[end].messages_count];
		unsigned later = ends_count - (end | 1) - 1;

		*message =
			(struct message){.size = 1 + below(below(2) ? MESSAGE_SIZE_MAX : 50), .begin = begin};
		for (size_t at = 0; at < message->size; at++)
			data[at] = byte_at(end, begin + at);
		/* Those of later objects only, so that no message lies in a queue that it brings. */
		if (type_of(end) != 0 && later > 0 && below(3) == 0)
			for (unsigned k = 1 + below(MESSAGE_ENDS_MAX); k > 0; k--)
				message->ends[message->ends_count++] = (end | 1) + 1 + below(later);
		if (send_to(end, message, data) != (ssize_t)message->size) {
			message->ends_count = 0;
			if (errno != ETOOMANYREFS || send_to(end, message, data) != (ssize_t)message->size)
				fail("cannot send to end %u", end);
		}
		begin += message->size;
		ends[end].messages_count++;
	}
}

static void make_object(unsigned object)
{
	static const int choice[] = {0, 0, SOCK_STREAM, SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM};
	int fds[2];
	struct stat st;

	types[object] = choice[below(sizeof(choice) / sizeof(choice[0]))];
	if ((types[object] == 0 ? pipe2(fds, O_NONBLOCK)
				: socketpair(AF_UNIX, types[object] | SOCK_NONBLOCK, 0, fds)) < 0)
		fail("cannot make object %u", object);
	for (unsigned side = 0; side < 2; side++) {
		struct end *end = &ends[2 * object + side];

		*end = (struct end){.fd = fds[side]};
		if (fstat(fds[side], &st) < 0)
			fail("fstat");
		end->inode = st.st_ino;
	}
}

static void spread(unsigned end, bool has_outsider)
{
	for (unsigned process = 0; process < tree_count; process++)
		ends[end].is_held[process] = below(4) == 0;
	ends[end].is_held[OUTSIDER] = has_outsider && below(10) == 0;
}

/* Where END is, besides in the processes that hold it. */
static void find_carriers(unsigned end)
{
	for (unsigned carrier = 0; carrier < (end & ~1U); carrier++) {
		for (unsigned i = 0; i < ends[carrier].messages_count; i++) {
			const struct message *message = &ends[carrier].messages[i];

			for (unsigned k = 0; k < message->ends_count; k++) {
				if (message->ends[k] != end)
					continue;
				if (ends[carrier].is_inside && !ends[end].is_inside) {
					ends[end].is_inside = true;
					ends[end].owner = ends[carrier].owner;
				}
				ends[end].is_outside |= ends[carrier].is_outside;
			}
		}
	}
}

void make_graph(void)
{
	bool has_outsider;

	random_state = seed * 0x9e3779b97f4a7c15 + 1;
	ends_count = 2 * (2 + below(OBJECTS_MAX - 1));
	tree_count = 1 + below(TREE_MAX);
	has_outsider = below(2);
	for (unsigned object = 0; object < ends_count / 2; object++)
		make_object(object);
	for (unsigned end = 0; end < ends_count; end++) {
		spread(end, has_outsider);
		if (is_read_end(end))
			fill(end);
	}
	for (unsigned end = 0; end < ends_count; end++) {
		ends[end].is_outside = ends[end].is_held[OUTSIDER];
		for (unsigned process = tree_count; process-- > 0;) {
			if (ends[end].is_held[process]) {
				ends[end].is_inside = true;
				ends[end].owner = process;
			}
		}
		find_carriers(end);
	}
}

bool has_error(unsigned end)
{
	return (type_of(end) == SOCK_STREAM || type_of(end) == SOCK_SEQPACKET) && !is_open(peer_of(end)) &&
	       ends[peer_of(end)].messages_count > 0;
}

static bool is_behind_error(unsigned end)
{
	return type_of(end) == SOCK_SEQPACKET && has_error(end);
}

static bool is_carried(unsigned carrier, unsigned end)
{
	for (unsigned i = 0; i < ends[carrier].messages_count; i++)
		for (unsigned k = 0; k < ends[carrier].messages[i].ends_count; k++)
			if (ends[carrier].messages[i].ends[k] == end)
				return true;
	return false;
}

/* Whether a process of the tree has it, or can have it by reading what is in no such queue. */
static bool is_known(unsigned end)
{
	for (unsigned process = 0; process < tree_count; process++)
		if (ends[end].is_held[process])
			return true;
	for (unsigned carrier = 0; carrier < (end & ~1U); carrier++)
		if (!is_behind_error(carrier) && is_carried(carrier, end) && is_known(carrier))
			return true;
	return false;
}

bool is_unreadable(unsigned end)
{
	if (!is_behind_error(end) || !is_known(end))
		return false;
	for (unsigned other = 0; other < ends_count; other++)
		if (is_carried(end, other) && !is_known(other))
			return true;
	return false;
}

bool is_blocked(unsigned end)
{
	const struct end *own = &ends[end], *peer = &ends[peer_of(end)];

	if (!own->is_inside)
		return false;
	if (is_unreadable(end))
		return true;
	return own->is_held[OUTSIDER] || (type_of(end) == 0 && peer->is_held[OUTSIDER]) ||
	       (peer->is_outside && !peer->is_inside);
}
