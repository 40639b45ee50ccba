/* SPDX-License-Identifier: MIT */
/* Sockets that are closed without a word. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "common/cleanup.h"
#include "common/vector.h"
#include "dumper/fd/tcp.h"

struct tcp_silence {
	struct option_guard *guard;
	int *fds; /* which keep the sockets until we end */
	size_t fds_count, fds_capacity;
};

DEFINE_FREEP(tcp_silence, tcp_silence_free)

static int silence(struct tcp_silence *silence, const struct tcp_entry *entry)
{
	cleanup_close int fd = -EBADF;
	const int on = 1;
	int *slot, r;

	INET_LOG_SCOPE(&entry->inet);
	r = open_file_take(entry->file, &fd);
	if (r < 0)
		return log_error_errno(r, "cannot get at %s", entry->inet.description);
	r = tcp_repair_note(silence->guard, entry, fd);
	slot = vector_append(silence, fds);
	if (r < 0 || !slot)
		return log_error_errno(r < 0 ? r : -ENOMEM, "cannot prepare to close %s",
				       entry->inet.description);
	*slot = take_fd(&fd);
	if (setsockopt(*slot, IPPROTO_TCP, TCP_REPAIR, &on, sizeof(on)) < 0)
		return log_error_errno(-errno, "cannot silence %s (TCP_REPAIR)", entry->inet.description);
	return 0;
}

int tcp_silence_new(struct dump *dump, struct tcp_silence **ret_silence)
{
	const struct tcp_sockets *sockets = tcp_sockets_of(dump);
	cleanup_(tcp_silence_freep) struct tcp_silence *new = calloc(1, sizeof(*new));
	int r = new ? 0 : -ENOMEM;

	if (r == 0)
		r = option_guard_new_for(sockets->entries_count * TCP_REPAIR_NOTES, &new->guard);
	if (r < 0)
		return log_error_errno(r, "cannot prepare to close its sockets");
	for (size_t i = 0; r == 0 && i < sockets->entries_count; i++)
		if (tcp_is_connection(sockets->entries[i]))
			r = silence(new, sockets->entries[i]);
	if (r == 0)
		*ret_silence = take_ptr(new);
	return r;
}

void tcp_silence_keep(struct tcp_silence *silence)
{
	option_guard_forget(silence->guard);
}

void tcp_silence_free(struct tcp_silence *silence)
{
	if (!silence)
		return;
	option_guard_free(silence->guard);
	for (size_t i = 0; i < silence->fds_count; i++)
		close(silence->fds[i]);
	free(silence->fds);
	free(silence);
}
