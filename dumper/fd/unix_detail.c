/* SPDX-License-Identifier: MIT */
/* What programs are told of unix sockets that are refused. */
#include <errno.h>

#include "dumper/fd/unix_socket.h"
#include "dumper/holders.h"

/* NULL: it has none. */
static const char *name_of(struct dump *dump, const struct unix_diag_socket *socket)
{
	char text[UNIX_NAME_SIZE_MAX * 4 + 1];

	if (!socket || socket->name_size == 0)
		return NULL;
	return arena_string(&dump->arena,
			    unix_name_format(socket->name, socket->name_size, text, sizeof(text)));
}

int unix_detail(struct dump *dump, const struct unix_entry *entry, const char *reason, const char *option,
		uint32_t peer_inode, uint32_t held)
{
	const struct fd_object object = {.type = FD_OBJECT_SOCKET, .inode = held};
	struct blocker_detail detail = {
		.reason = reason,
		.open_file_id = entry->file->image.id,
		.option = option,
		.name = name_of(dump, entry->diag),
		.peer_inode = peer_inode,
		.peer_name = name_of(dump, unix_diag_find(&unix_sockets_of(dump)->diag, peer_inode)),
	};
	const struct fd_holder *holders = NULL;
	int r = holders_find(dump, &object, &holders, &detail.holders_count);

	if (r < 0)
		return r;
	/* They stay there until the next search only. */
	if (detail.holders_count > 0)
		detail.holders = arena_copy(&dump->arena, holders, detail.holders_count * sizeof(holders[0]));
	if (detail.holders_count > 0 && !detail.holders)
		return log_error_errno(-ENOMEM, "cannot note who else holds a socket");
	blockers_detail(&dump->blockers, &detail);
	return 0;
}
