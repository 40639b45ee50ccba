/* SPDX-License-Identifier: MIT */
/*
 * Reasons to refuse, collected so that a user sees all of them at once. Each says what it is, where (the log
 * scopes in force are put in front), why, and what can be done.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "common/compiler.h"

struct fd_holder;

/* For programs, beside the text: what is known of it. All is borrowed until blockers_done(). */
struct blocker_detail {
	const char *reason;    /* a word that stays, "peer-outside"; NULL: none */
	const char *option;    /* which lets it through, as for the command line; NULL: none does */
	const char *name;      /* of a socket: path, or '@' and abstract name; NULL */
	uint32_t open_file_id; /* what it is about; 0: as the descriptor tells */
	uint64_t peer_inode;   /* 0: none */
	const char *peer_name;
	const struct fd_holder *holders; /* of the other end, outside */
	size_t holders_count;
};

/* Beside each text. */
struct blocker {
	size_t message; /* where in the text it begins, behind the scopes */
	/* From the scopes; -1: not told. */
	pid_t pid, tid;
	int fd;
	char comm[16];    /* "": not told */
	bool is_in_queue; /* FD is the socket whose queue it is in */
	struct blocker_detail detail;
};

struct blockers {
	char **texts;
	size_t texts_count;
	size_t texts_capacity;
	struct blocker *items; /* as many */
	size_t items_count;
	size_t items_capacity;
	bool is_incomplete; /* memory was short for one */
};

void blockers_done(struct blockers *blockers);
void blockers_add(struct blockers *blockers, const char *format, ...) printf_like(2, 3);
/* Of the one that was added last. */
void blockers_detail(struct blockers *blockers, const struct blocker_detail *detail);
/* Drops those that were added when there were COUNT already: what they are about has been settled otherwise.
 */
void blockers_truncate(struct blockers *blockers, size_t count);
static inline bool blockers_any(const struct blockers *blockers)
{
	return blockers->texts_count > 0 || blockers->is_incomplete;
}
/* Logs each as an error. Returns how many. */
size_t blockers_report(const struct blockers *blockers);
