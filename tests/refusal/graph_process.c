/* SPDX-License-Identifier: MIT */
/* What a process of a graph does: it reads all that it can, tells who is there, and is told. */
#include "graph.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define TAG_SIZE 8

static void check_bytes(unsigned end, size_t offset, const unsigned char *data, size_t size)
{
	for (size_t at = 0; at < size; at++)
		if (data[at] != byte_at(end, offset + at))
			fail("end %u: byte %zu of what was sent to it is another", end, offset + at);
}

static void take_fds(unsigned end, struct message *message, struct msghdr *header)
{
	struct cmsghdr *rights = CMSG_FIRSTHDR(header);
	size_t count = rights ? (rights->cmsg_len - CMSG_LEN(0)) / sizeof(int) : 0;

	if (count != message->ends_count || header->msg_flags & MSG_CTRUNC)
		fail("end %u: %zu descriptors came instead of %u", end, count, message->ends_count);
	for (size_t i = 0; i < count; i++) {
		struct end *brought = &ends[message->ends[i]];
		int fd;

		memcpy(&fd, CMSG_DATA(rights) + i * sizeof(int), sizeof(int));
		if (brought->own_fd == NONE)
			brought->own_fd = fd;
		else
			close(fd);
	}
	message->has_come = true;
}

/* The message of END that ends at OFFSET. */
static struct message *message_until(unsigned end, size_t offset)
{
	for (unsigned i = 0; i < ends[end].messages_count; i++) {
		struct message *message = &ends[end].messages[i];

		if (message->begin + message->size == offset)
			return message;
	}
	fail("end %u: descriptors came where there were none", end);
}

/* So many bytes, 0 at the end, or -1. */
static ssize_t receive(unsigned end, size_t offset)
{
	static unsigned char data[MESSAGES_MAX * MESSAGE_SIZE_MAX];
	_Alignas(struct cmsghdr) unsigned char control[CMSG_SPACE(sizeof(int) * MESSAGE_ENDS_MAX)];
	struct iovec part = {data, sizeof(data)};
	struct msghdr header = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	ssize_t size;

	if (type_of(end) == 0)
		size = read(ends[end].own_fd, data, sizeof(data));
	else
		size = recvmsg(ends[end].own_fd, &header, 0);
	if (size <= 0)
		return size;
	check_bytes(end, offset, data, (size_t)size);
	if (type_of(end) != 0 && (type_of(end) != SOCK_STREAM || header.msg_controllen > 0)) {
		struct message *message = message_until(end, offset + (size_t)size);

		if (type_of(end) != SOCK_STREAM && message->size != (size_t)size)
			fail("end %u: a message of %zd bytes, not %zu", end, size, message->size);
		take_fds(end, message, &header);
	}
	return size;
}

static void check_error(unsigned end)
{
	if (receive(end, 0) != -1 || errno != ECONNRESET)
		fail("end %u: it is not told that what it sent was lost", end);
}

/* What END says when nothing is in it any more. */
static void check_drained(unsigned end)
{
	ssize_t size = receive(end, 0);

	if (type_of(end) == SOCK_DGRAM || is_open(peer_of(end))) {
		if (size != -1 || errno != EAGAIN)
			fail("end %u: read %zd, though it is empty", end, size);
	} else if (size != 0) {
		fail("end %u: read %zd, not the end", end, size);
	}
}

static void drain(unsigned end)
{
	size_t total = 0, offset = 0;

	for (unsigned i = 0; i < ends[end].messages_count; i++)
		total += ends[end].messages[i].size;
	/* Of a stream behind the data, of messages before. */
	if (has_error(end) && type_of(end) == SOCK_SEQPACKET)
		check_error(end);
	while (offset < total) {
		ssize_t size = receive(end, offset);

		if (size <= 0)
			fail("end %u: read %zd after %zu of %zu bytes", end, size, offset, total);
		offset += (size_t)size;
	}
	for (unsigned i = 0; i < ends[end].messages_count; i++)
		if (ends[end].messages[i].ends_count > 0 && !ends[end].messages[i].has_come)
			fail("end %u: the descriptors of message %u did not come", end, i);
	if (has_error(end) && type_of(end) == SOCK_STREAM)
		check_error(end);
	check_drained(end);
}

static void make_tag(unsigned end, char tag[TAG_SIZE + 1])
{
	snprintf(tag, TAG_SIZE + 1, "tag %04u", end % 10000);
}

static void write_tag(unsigned end)
{
	char tag[TAG_SIZE + 1];
	ssize_t size;

	make_tag(end, tag);
	size = write(ends[end].own_fd, tag, TAG_SIZE);
	if (is_open(peer_of(end))
		    ? size != TAG_SIZE
		    : size != -1 || errno != (type_of(end) == SOCK_DGRAM ? ECONNREFUSED : EPIPE))
		fail("end %u: wrote %zd", end, size);
}

static void read_tag(unsigned end)
{
	char tag[TAG_SIZE + 1], found[64] = "";
	ssize_t size;

	if (!ends[peer_of(end)].is_inside)
		return;
	make_tag(peer_of(end), tag);
	size = read(ends[end].own_fd, found, sizeof(found) - 1);
	if (size != TAG_SIZE || strcmp(found, tag) != 0)
		fail("end %u: read '%s' (%zd), not '%s'", end, found, size, tag);
}

static void do_phase(unsigned phase)
{
	for (unsigned end = 0; end < ends_count; end++) {
		if (!ends[end].is_inside || ends[end].owner != self)
			continue;
		if (ends[end].own_fd == NONE)
			fail("end %u did not come", end);
		if (phase == 1 && is_read_end(end))
			drain(end);
		else if (phase == 2 && is_write_end(end))
			write_tag(end);
		else if (phase == 3 && is_read_end(end))
			read_tag(end);
	}
}

static void tell_done(unsigned phase)
{
	char name[32], unfinished[32];
	FILE *file;

	snprintf(name, sizeof(name), "done.%u.%u", phase, self);
	snprintf(unfinished, sizeof(unfinished), "writing.%u", self);
	file = fopen(unfinished, "w");
	if (!file || fprintf(file, "%d\n", getpid()) < 0 || fclose(file) != 0 || rename(unfinished, name) < 0)
		fail("cannot tell that phase %u is done", phase);
}

static void wait_for_file(const char *name)
{
	while (access(name, F_OK) < 0)
		usleep(1000);
}

_Noreturn void be_process(void)
{
	char name[32];

	signal(SIGPIPE, SIG_IGN);
	alarm(120); /* should nobody be there any more to say when it is over */
	for (unsigned end = 0; end < ends_count; end++) {
		ends[end].own_fd = ends[end].is_held[self] ? ends[end].fd : NONE;
		if (!ends[end].is_held[self])
			close(ends[end].fd);
	}
	tell_done(0);
	for (unsigned phase = 1; phase <= PHASES; phase++) {
		snprintf(name, sizeof(name), "go.%u.%u", phase, self);
		wait_for_file(name);
		do_phase(phase);
		tell_done(phase);
	}
	wait_for_file("end");
	_exit(EXIT_SUCCESS);
}
