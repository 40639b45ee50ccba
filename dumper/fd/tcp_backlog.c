/* SPDX-License-Identifier: MIT */
/* Connections that a listening socket has taken, or is about to, and that nobody has accepted. */
#include <netinet/tcp.h>
#include <string.h>

#include "dumper/fd/tcp.h"
#include "dumper/holders.h"

/* More would make a message nobody reads. */
#define DESCRIBED_MAX 3

/* One that is nobody's and at the address of the listening one. What a program has closed is in other states.
 */
static bool is_waiting(const struct inet_diag_socket *listener, const struct inet_diag_socket *socket)
{
	struct inet_address own = inet_address_unmap(&listener->local),
			    at = inet_address_unmap(&socket->local);

	if (socket->inode != 0 || socket->local.port != listener->local.port)
		return false;
	if (socket->state != TCP_ESTABLISHED && socket->state != TCP_CLOSE_WAIT &&
	    socket->state != TCP_SYN_RECV)
		return false;
	return inet_address_is_any(&listener->local) || inet_address_is_equal(&own, &at);
}

int tcp_backlog_check(struct dump *dump, const struct tcp_entry *entry)
{
	const struct tcp_sockets *sockets = tcp_sockets_of(dump);
	const char *text = "";
	size_t count = 0;

	INET_LOG_SCOPE(&entry->inet);
	for (size_t i = 0; entry->diag && i < sockets->diag.sockets_count; i++) {
		const struct inet_diag_socket *socket = &sockets->diag.sockets[i];
		char address[INET_ADDRESS_TEXT_SIZE];
		const char *peer;

		if (!is_waiting(entry->diag, socket))
			continue;
		if (++count > DESCRIBED_MAX)
			continue;
		peer = tcp_describe_peer(dump, socket);
		if (!peer)
			return -ENOMEM;
		text = arena_format(&dump->arena, "%s%s%s%s", text, count > 1 ? ", " : "",
				    inet_address_format(&socket->peer, address), peer);
		if (!text)
			return -ENOMEM;
	}
	if (count == 0)
		return 0;
	if (dump->options->is_in_flight_skipped)
		log_notice("%s: %zu connections that nobody has accepted are left out: from %s%s",
			   entry->inet.description, count, text, count > DESCRIBED_MAX ? " ..." : "");
	else
		blockers_add(
			&dump->blockers,
			"%s has %zu connections that nobody has accepted, which cannot be preserved: from "
			"%s%s; let the program accept them, or give --skip-in-flight to cut them off",
			entry->inet.description, count, text, count > DESCRIBED_MAX ? " ..." : "");
	return 0;
}
