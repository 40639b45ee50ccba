/* SPDX-License-Identifier: MIT */
/*
 * What waits in the queues of unix sockets, looked at and left there (MSG_PEEK at SO_PEEK_OFF, socket(7)).
 *
 * While a queue is looked at, SO_PASSCRED is on: each message is told with its sender's credentials then, by
 * which one that is empty also differs from the end of all. The guard puts that back.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/sockios.h>

#include "common/cleanup.h"
#include "common/vector.h"
#include "dumper/fd/open_files.h"
#include "dumper/fd/unix_socket.h"
#include "format/fd/socket_options.h"

#ifndef SCM_PIDFD
#define SCM_PIDFD 4
#endif

/* No part of a stream that has descriptors is larger: the kernel cuts at less than 64 KiB. */
#define READ_SIZE ((size_t)256 << 10)
#define CONTROL_SIZE 4096
/* (uid_t)-1 as it is told: nobody has asked for credentials when it was sent. */
#define NO_USER 65534

struct queue {
	struct dump *dump;
	struct unix_sockets *sockets;
	struct unix_entry *entry;
	int fd;
	int32_t offset; /* of the next message */
	bool is_offset_set;
	bool has_urgent;
	Cr__UnixMessage **messages;
	size_t messages_count, messages_capacity;
};

/* One look. */
struct look {
	ssize_t size;
	bool is_message; /* and not the end */
	bool has_credentials;
	struct ucred credentials;
	int fds[UNIX_MESSAGE_FDS_MAX];
	size_t fds_count;
	struct sockaddr_un sender;
	socklen_t sender_size;
};

static void look_done(struct look *look)
{
	for (size_t i = 0; i < look->fds_count; i++)
		close_fd(&look->fds[i]);
	look->fds_count = 0;
}

static void queue_done(struct queue *queue)
{
	free(queue->messages);
	option_guard_restorep(&queue->sockets->guard);
}

static int set_option(struct queue *queue, int number, int value)
{
	int r = queue->sockets->guard ? 0 : option_guard_new(&queue->sockets->guard);

	if (r == 0)
		r = option_guard_set(queue->sockets->guard, queue->fd, SOL_SOCKET, number, value);
	return r < 0 ? log_error_errno(r, "cannot prepare to read its queue") : 0;
}

static void take_control(struct msghdr *message, struct look *look)
{
	for (struct cmsghdr *control = CMSG_FIRSTHDR(message); control;
	     control = CMSG_NXTHDR(message, control)) {
		size_t size = control->cmsg_len - CMSG_LEN(0);
		int pidfd;

		if (control->cmsg_level != SOL_SOCKET)
			continue;
		if (control->cmsg_type == SCM_CREDENTIALS && size == sizeof(look->credentials)) {
			memcpy(&look->credentials, CMSG_DATA(control), size);
			look->is_message = true;
			look->has_credentials =
				look->credentials.pid != 0 || look->credentials.uid != NO_USER;
		} else if (control->cmsg_type == SCM_RIGHTS && size <= sizeof(look->fds)) {
			memcpy(look->fds, CMSG_DATA(control), size);
			look->fds_count = size / sizeof(int);
		} else if (control->cmsg_type == SCM_PIDFD && size == sizeof(pidfd)) {
			memcpy(&pidfd, CMSG_DATA(control), size);
			close_fd(&pidfd);
		}
	}
}

/*
 * What is at the offset, as far as ROOM goes. Of a datagram *ret_look has the whole size. -EAGAIN: there is
 * nothing more; -EFAULT: there is no memory for the first part. The caller closes ret_look->fds.
 */
static int look_into(struct queue *queue, struct iovec room, int flags, struct look *ret_look)
{
	_Alignas(struct cmsghdr) unsigned char control[CONTROL_SIZE];
	struct msghdr message = {
		.msg_name = &ret_look->sender,
		.msg_namelen = sizeof(ret_look->sender),
		.msg_iov = &room,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};

	*ret_look = (struct look){0};
	ret_look->size = recvmsg(queue->fd, &message,
				 MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC | MSG_NOSIGNAL | flags);
	/* What the kernel counts of a stream is too much once an urgent byte was passed over (Linux 6.17). */
	if (ret_look->size < 0 && errno == ECONNRESET && queue->entry->image->has_error)
		return -EAGAIN;
	if (ret_look->size < 0)
		return errno == EAGAIN || errno == EFAULT ? -errno
							  : log_error_errno(-errno, "cannot read its queue");
	ret_look->sender_size = message.msg_namelen;
	take_control(&message, ret_look);
	if (message.msg_flags & MSG_CTRUNC) {
		look_done(ret_look);
		return log_error_errno(-EMFILE, "cannot take the descriptors in its queue");
	}
	return ret_look->is_message ? 0 : -EAGAIN;
}

/* The same with SIZE bytes of the buffer. */
static int look_at(struct queue *queue, size_t size, int flags, struct look *ret_look)
{
	return look_into(queue, (struct iovec){queue->sockets->buffer, size}, flags, ret_look);
}

static bool is_same_sender(const Cr__UnixMessage *message, const struct look *look)
{
	const Cr__UnixCredentials *credentials = message->credentials;

	if (!credentials || !look->has_credentials)
		return !credentials && !look->has_credentials;
	return credentials->pid == look->credentials.pid && credentials->uid == look->credentials.uid &&
	       credentials->gid == look->credentials.gid;
}

static int note_credentials(struct queue *queue, const struct look *look, Cr__UnixMessage *message)
{
	if (!look->has_credentials)
		return 0;
	message->credentials = arena_new(&queue->dump->arena, Cr__UnixCredentials);
	if (!message->credentials)
		return log_error_errno(-ENOMEM, "cannot note its queue");
	cr__unix_credentials__init(message->credentials);
	message->credentials->pid = look->credentials.pid;
	message->credentials->uid = look->credentials.uid;
	message->credentials->gid = look->credentials.gid;
	if (look->credentials.pid == 0)
		blockers_add(&queue->dump->blockers,
			     "%s has a message in its queue from a process that cannot be seen from here (of "
			     "another "
			     "pid namespace): let it be read first",
			     unix_describe(queue->dump, queue->entry->diag));
	return 0;
}

/* The descriptors of a message become open files, which may be the first to be met of theirs. */
static int note_fds(struct queue *queue, struct look *look, Cr__UnixMessage *message)
{
	if (look->fds_count == 0)
		return 0;
	message->open_file_ids = arena_array(&queue->dump->arena, uint32_t, look->fds_count);
	if (!message->open_file_ids)
		return log_error_errno(-ENOMEM, "cannot note its queue");
	for (size_t i = 0; i < look->fds_count; i++) {
		int r = open_files_add_own(queue->dump, queue->entry->process, &look->fds[i],
					   &message->open_file_ids[message->n_open_file_ids]);

		if (r < 0)
			return r;
		message->n_open_file_ids++;
	}
	return 0;
}

static int note_sender(struct queue *queue, const struct look *look, Cr__UnixMessage *message)
{
	size_t head = offsetof(struct sockaddr_un, sun_path), size;

	/* The other end of a connection needs no name to be known by. */
	if (queue->entry->image->type != SOCK_DGRAM || look->sender_size <= head)
		return 0;
	size = MIN(look->sender_size - head, sizeof(look->sender.sun_path));
	if (look->sender.sun_path[0] != '\0')
		size = strnlen(look->sender.sun_path, size);
	message->sender_name = arena_bytes(&queue->dump->arena, look->sender.sun_path, size);
	return message->sender_name.data ? 0 : log_error_errno(-ENOMEM, "cannot note its queue");
}

/* A message of SIZE bytes at the offset. NULL, logged, if memory is short. */
static Cr__UnixMessage *add_message(struct queue *queue, size_t size)
{
	Cr__UnixMessage *message = arena_new(&queue->dump->arena, Cr__UnixMessage);
	Cr__UnixMessage **slot = message ? vector_append(queue, messages) : NULL;

	if (!slot) {
		log_error_errno(-ENOMEM, "cannot note its queue");
		return NULL;
	}
	*slot = message;
	cr__unix_message__init(message);
	message->size = (uint32_t)size;
	queue->offset += (int32_t)size;
	return message;
}

static int note_datagram(struct queue *queue, struct look *look)
{
	Cr__UnixMessage *message;
	int r;

	if (look->size > (ssize_t)UNIX_MESSAGE_SIZE_MAX || queue->offset > INT32_MAX - look->size) {
		blockers_add(&queue->dump->blockers, "%s has more in its queue than can be kept",
			     unix_describe(queue->dump, queue->entry->diag));
		return -EAGAIN;
	}
	message = add_message(queue, (size_t)look->size);
	if (!message)
		return -ENOMEM;
	r = note_sender(queue, look, message);
	if (r == 0)
		r = note_credentials(queue, look, message);
	return r < 0 ? r : note_fds(queue, look, message);
}

static bool has_offset(const struct queue *queue)
{
	return socket_options_get_int(queue->entry->image->options, SOL_SOCKET, SO_PEEK_OFF, -1) >= 0;
}

/*
 * An empty datagram that has been looked at before is passed over by a look at an offset, but not by one
 * without, which sees the first in the queue only.
 */
static int read_first_datagram(struct queue *queue)
{
	cleanup_(look_done) struct look look = {0};
	int r = has_offset(queue) ? set_option(queue, SO_PEEK_OFF, -1) : 0;

	if (r == 0)
		r = look_at(queue, 1, MSG_TRUNC, &look);
	return r < 0 ? r : note_datagram(queue, &look);
}

static int read_datagrams(struct queue *queue)
{
	int r = read_first_datagram(queue);

	while (r == 0) {
		cleanup_(look_done) struct look look = {0};

		r = set_option(queue, SO_PEEK_OFF, queue->offset);
		if (r == 0)
			r = look_at(queue, 1, MSG_TRUNC, &look);
		if (r == 0)
			r = note_datagram(queue, &look);
	}
	return r == -EAGAIN ? 0 : r;
}

/* Without one, the first look is from the start anyway. */
static int set_offset(struct queue *queue)
{
	if (queue->offset == 0 && !queue->is_offset_set && !has_offset(queue))
		return 0;
	queue->is_offset_set = true;
	return set_option(queue, SO_PEEK_OFF, queue->offset);
}

/*
 * Where in the SIZE bytes at the offset the last part begins. How far the descriptors that a look is told of
 * are belongs to the kernel: it tells of those behind what was asked for, too. But a part that does not fit
 * into memory as a whole is left out, and the buffer ends where there is none.
 */
static int find_last_part(struct queue *queue, size_t size, size_t *ret_start)
{
	cleanup_(look_done) struct look look = {0};
	struct iovec room = {queue->sockets->buffer + READ_SIZE - (size - 1), size};
	int r = set_offset(queue);

	if (r == 0)
		r = look_into(queue, room, 0, &look);
	if (r < 0 && r != -EFAULT)
		return r == -EAGAIN ? log_error_errno(-EIO, "its queue has changed") : r;
	*ret_start = r < 0 ? 0 : (size_t)look.size;
	return 0;
}

/* The byte that is urgent (MSG_OOB), or the place where it was, stands between this part and the last one. */
static int note_urgent(struct queue *queue, struct look *look)
{
	Cr__UnixMessage *message = add_message(queue, queue->has_urgent ? 1 : 0);
	int r;

	if (!message)
		return -ENOMEM;
	message->is_urgent = queue->has_urgent;
	message->is_urgent_read = !queue->has_urgent;
	queue->has_urgent = false;
	if (!message->is_urgent)
		return 0;
	r = note_credentials(queue, look, message);
	/* A look that brings descriptors ends with the part that they belong to. */
	return r < 0 || look->size > 1 ? r : note_fds(queue, look, message);
}

static int note_part(struct queue *queue, struct look *look, size_t size)
{
	Cr__UnixMessage *message = size > 0 ? add_message(queue, size) : NULL;

	if (!message)
		return size > 0 ? -ENOMEM : 0;
	return note_credentials(queue, look, message);
}

/* Why a look ended where it did: the kernel joins parts of a stream but for these reasons. */
static bool is_at_urgent(const struct queue *queue, const struct look *look, bool was_cut)
{
	const Cr__UnixMessage *last =
		queue->messages_count > 0 ? queue->messages[queue->messages_count - 1] : NULL;

	return last && !was_cut && last->n_open_file_ids == 0 && !last->is_urgent && !last->is_urgent_read &&
	       is_same_sender(last, look);
}

/* One look at a stream, and what it tells. *WAS_CUT: the last one ended because its buffer was full. */
static int read_part(struct queue *queue, bool *was_cut)
{
	cleanup_(look_done) struct look look = {0};
	size_t start = 0, size;
	int r = set_offset(queue);

	if (r == 0)
		r = look_at(queue, READ_SIZE, 0, &look);
	if (r == 0 && look.size == 0)
		r = -EAGAIN;
	if (r < 0)
		return r;
	size = (size_t)look.size;
	if (queue->offset > INT32_MAX - (int32_t)READ_SIZE) {
		blockers_add(&queue->dump->blockers, "%s has more in its queue than can be kept",
			     unix_describe(queue->dump, queue->entry->diag));
		return -EAGAIN;
	}
	if (is_at_urgent(queue, &look, *was_cut)) {
		bool is_byte = queue->has_urgent;

		r = note_urgent(queue, &look);
		if (r < 0 || is_byte)
			return r; /* and look again, behind it */
	}
	*was_cut = size == READ_SIZE;
	if (look.fds_count == 0)
		return note_part(queue, &look, size);
	r = find_last_part(queue, size, &start);
	if (r == 0 && *was_cut && start == 0)
		r = log_error_errno(-EFBIG, "a part of its stream that has descriptors is too large");
	if (r == 0)
		r = note_part(queue, &look, start);
	if (r < 0 || *was_cut)
		return r; /* the part with descriptors, which may have been cut, comes by itself */
	r = note_part(queue, &look, size - start);
	return r < 0 ? r : note_fds(queue, &look, queue->messages[queue->messages_count - 1]);
}

/*
 * A byte that is urgent and comes first is passed over, unless it is to be read in line with the others
 * (SO_OOBINLINE).
 */
static int read_urgent_head(struct queue *queue)
{
	cleanup_(look_done) struct look look = {0};
	int is_at_mark = 0, r;

	if (ioctl(queue->fd, SIOCATMARK, &is_at_mark) < 0 || !is_at_mark)
		return 0;
	if (!queue->has_urgent)
		return note_urgent(queue, &look);
	r = set_option(queue, SO_OOBINLINE, 1);
	if (r == 0)
		r = set_option(queue, SO_PEEK_OFF, 0);
	if (r == 0)
		r = look_at(queue, READ_SIZE, 0, &look);
	if (r < 0)
		return r;
	return note_urgent(queue, &look);
}

static int read_stream(struct queue *queue)
{
	bool was_cut = false;
	int r = read_urgent_head(queue);

	/* Not beyond the end, where a pending error would be told to us instead of the program. */
	while (r == 0 && queue->offset < (int32_t)queue->entry->diag->receive_queue)
		r = read_part(queue, &was_cut);
	if (r <= 0 && queue->has_urgent)
		blockers_add(&queue->dump->blockers,
			     "%s has an urgent byte (MSG_OOB) whose place cannot be told",
			     unix_describe(queue->dump, queue->entry->diag));
	return r == -EAGAIN ? 0 : r;
}

static int keep_messages(struct queue *queue)
{
	Cr__UnixSocket *image = queue->entry->image;

	if (queue->messages_count == 0)
		return 0;
	image->messages = arena_copy(&queue->dump->arena, queue->messages,
				     queue->messages_count * sizeof(queue->messages[0]));
	if (!image->messages)
		return log_error_errno(-ENOMEM, "cannot note its queue");
	image->n_messages = queue->messages_count;
	queue->entry->file->contents_size = unix_socket_contents_size(image);
	return 0;
}

/* From what poll(2) tells, which says of a socket that is shut down that there is something to read, too. */
static bool has_messages(const struct unix_entry *entry, const struct pollfd *state)
{
	if (entry->image->is_listening || !(state->revents & (POLLIN | POLLPRI)))
		return false;
	if (entry->image->type == SOCK_STREAM)
		return entry->diag->receive_queue > 0;
	if (entry->image->type == SOCK_SEQPACKET && entry->diag->state != TCP_ESTABLISHED)
		return false;
	return !entry->image->has_error || entry->diag->receive_queue > 0 ||
	       !(entry->image->shutdown & UNIX_SHUTDOWN_RECEIVE);
}

int unix_queue_check(struct dump *dump, struct unix_entry *entry)
{
	const char *why = "whose senders cannot be told";
	int r;

	if (!entry->is_behind_error)
		return 0;
	UNIX_LOG_SCOPE(entry);
	r = entry->image->type == SOCK_DGRAM ? 1 : unix_kernel_collect(dump, entry, &why);
	if (r > 0)
		blockers_add(
			&dump->blockers,
			"%s has an error that the program was not told yet (SO_ERROR), and messages in its "
			"queue, %s: let it read first",
			unix_describe(dump, entry->diag), why);
	return MIN(r, 0);
}

/* With a page behind it that is no memory. */
static int prepare_buffer(struct unix_sockets *sockets)
{
	size_t guard_size = (size_t)sysconf(_SC_PAGESIZE);
	void *buffer;

	if (sockets->buffer)
		return 0;
	buffer = mmap(NULL, READ_SIZE + guard_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (buffer == MAP_FAILED)
		return log_error_errno(-errno, "cannot read its queue");
	sockets->buffer = buffer;
	sockets->buffer_size = READ_SIZE + guard_size;
	if (mprotect(buffer, READ_SIZE, PROT_READ | PROT_WRITE) < 0)
		return log_error_errno(-errno, "cannot read its queue");
	return 0;
}

int unix_queue_collect(struct dump *dump, struct unix_entry *entry, int our_fd)
{
	cleanup_(queue_done) struct queue queue = {
		.dump = dump,
		.sockets = unix_sockets_of(dump),
		.entry = entry,
		.fd = our_fd,
	};
	struct pollfd state = {.fd = our_fd, .events = POLLIN | POLLPRI};
	int r;

	if (poll(&state, 1, 0) < 0)
		return log_error_errno(-errno, "cannot ask what is in its queue");
	entry->image->has_error = state.revents & POLLERR;
	queue.has_urgent = state.revents & POLLPRI;
	/* A mere check need not know more, and an empty datagram cannot be found again after a look at it. */
	if (!has_messages(entry, &state) || (dump->options->is_check && entry->fds_in_queue == 0))
		return 0;
	if (entry->image->has_error && entry->image->type != SOCK_STREAM) {
		entry->is_behind_error = true;
		return 0;
	}
	r = prepare_buffer(queue.sockets);
	if (r == 0)
		r = set_option(&queue, SO_PASSCRED, 1);
	if (r == 0)
		r = entry->image->type == SOCK_STREAM ? read_stream(&queue) : read_datagrams(&queue);
	return r < 0 ? r : keep_messages(&queue);
}

/* SIZE bytes at the offset, in pieces. */
static int write_bytes(struct queue *queue, size_t size)
{
	while (size > 0) {
		size_t wanted = MIN(size, READ_SIZE);
		ssize_t got;
		int r = set_offset(queue);

		if (r < 0)
			return r;
		got = recv(queue->fd, queue->sockets->buffer, wanted, MSG_PEEK | MSG_DONTWAIT);
		if (got <= 0)
			return log_error_errno(got < 0 ? -errno : -EIO, "cannot read its queue again");
		r = archive_writer_data(queue->dump->writer, queue->sockets->buffer, (size_t)got);
		if (r < 0)
			return r;
		queue->offset += (int32_t)got;
		size -= (size_t)got;
	}
	return 0;
}

int unix_queue_write(struct dump *dump, const struct unix_entry *entry, int our_fd)
{
	cleanup_(queue_done) struct queue queue = {
		.dump = dump,
		.sockets = unix_sockets_of(dump),
		.entry = (struct unix_entry *)(uintptr_t)entry,
		.fd = our_fd,
	};
	const Cr__UnixSocket *image = entry->image;
	int r = 0;

	if (entry->is_read_in_kernel)
		return unix_kernel_write(dump, entry);
	if (image->messages[0]->is_urgent)
		r = set_option(&queue, SO_OOBINLINE, 1);
	if (image->type == SOCK_STREAM)
		return r < 0 ? r : write_bytes(&queue, entry->file->contents_size);
	for (size_t i = 0; r == 0 && i < image->n_messages; i++) {
		r = write_bytes(&queue, image->messages[i]->size);
		queue.is_offset_set |= image->messages[i]->size == 0; /* which is to be passed over */
	}
	return r;
}
