/* SPDX-License-Identifier: MIT */
/*
 * The packets of connections to others are held back from the time when the tree is read until it goes on,
 * here or, after a restore, elsewhere: what came in between would be lost, and what came when the program is
 * not there would be answered by a reset.
 *
 * As long as cr-dump runs, that goes with it. When the program has been ended, or is left stopped, it stays,
 * and cr-restore undoes it. With -R nothing is held back: what comes is the running program's.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/netlink/packet_lock.h"
#include "common/vector.h"
#include "dumper/fd/tcp.h"

struct tcp_lock {
	struct packet_lock *lock;
	char name[PACKET_LOCK_NAME_SIZE]; /* of the one that stays */
	int64_t since_ns;
	struct packet_lock_connection *connections;
	size_t connections_count, connections_capacity;
};

static void tcp_lock_freep(struct tcp_lock **lock)
{
	tcp_lock_free(*lock);
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int add_connections(const struct tcp_sockets *sockets, struct tcp_lock *lock)
{
	for (size_t i = 0; i < sockets->entries_count; i++) {
		const struct tcp_entry *entry = sockets->entries[i];
		struct packet_lock_connection *slot;

		if (!tcp_is_connection(entry) || tcp_is_inside(entry))
			continue;
		slot = vector_append(lock, connections);
		if (!slot)
			return log_error_errno(-ENOMEM, "cannot note its connections");
		slot->local = inet_image_address(entry->inet.image->local);
		slot->peer = inet_image_address(entry->inet.image->peer);
	}
	return 0;
}

static void refuse(struct dump *dump, size_t count, int error)
{
	const char *what = arena_format(&dump->arena,
					"the program has %zu TCP connections to others, whose "
					"packets have to be held back until it is restored",
					count);

	if (!what)
		what = "the program has TCP connections to others";
	if (error == -EPERM)
		blockers_add(&dump->blockers, "%s, which takes CAP_NET_ADMIN: run cr-dump as root", what);
	else
		blockers_add(
			&dump->blockers,
			"%s, which this kernel does not let nftables do (%s; CONFIG_NF_TABLES_INET): make "
			"it able to, give --tcp-close to lose the connections, or -R to let the program "
			"run on",
			what, strerror(-error));
}

static bool is_wanted(const struct dump *dump)
{
	return dump->options->has_tcp_established && !dump->options->is_check &&
	       dump->options->aftermath != DUMP_AFTERMATH_LEAVE_RUNNING && !blockers_any(&dump->blockers);
}

int tcp_lock_begin(struct dump *dump)
{
	struct tcp_sockets *sockets = tcp_sockets_of(dump);
	cleanup_(tcp_lock_freep) struct tcp_lock *lock = NULL;
	char name[PACKET_LOCK_NAME_SIZE];
	int r;

	if (!is_wanted(dump))
		return 0;
	lock = calloc(1, sizeof(*lock));
	if (!lock)
		return log_error_errno(-ENOMEM, "cannot note its connections");
	r = add_connections(sockets, lock);
	if (r < 0 || lock->connections_count == 0)
		return r;
	r = packet_lock_name(lock->name);
	if (r == 0)
		r = packet_lock_name(name);
	if (r == 0)
		r = packet_lock_new(name, lock->connections, lock->connections_count, &lock->lock);
	if (r < 0) {
		refuse(dump, lock->connections_count, r);
		return 0;
	}
	lock->since_ns = now_ns();
	log_info("the packets of %zu connections are held back", lock->connections_count);
	dump->manifest->network_lock = lock->name;
	sockets->lock = take_ptr(lock);
	return 0;
}

int tcp_lock_leave(struct dump *dump)
{
	const struct tcp_sockets *sockets = tcp_sockets_of(dump);
	struct tcp_lock *lock = sockets->lock;
	const char *comment;
	int r;

	if (!lock)
		return 0;
	comment = arena_format(&dump->arena, "connections of pid %d (%s), dumped to %s",
			       (int)dump->processes[0].pidref.pid, dump->processes[0].status.name,
			       dump->options->output);
	r = packet_lock_leave(lock->name, comment ? comment : "", lock->connections, lock->connections_count);
	if (r < 0)
		return log_error_errno(r, "cannot hold back the packets of its connections any longer");
	log_info("the packets of its connections have been held back for %lld ms, and are until it is "
		 "restored "
		 "(nftables: table inet %s)",
		 (long long)(now_ns() - lock->since_ns) / 1000000, lock->name);
	if (dump->options->aftermath == DUMP_AFTERMATH_LEAVE_STOPPED)
		log_notice(
			"the packets of its TCP connections are held back until it is restored; before you "
			"let it go on here: cr-restore --remove-lock=%s",
			lock->name);
	return 0;
}

void tcp_lock_free(struct tcp_lock *lock)
{
	if (!lock)
		return;
	packet_lock_free(lock->lock);
	free(lock->connections);
	free(lock);
}
