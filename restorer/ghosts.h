/* SPDX-License-Identifier: MIT */
/*
 * Ghosts: files that no path leads to, deleted ones and memfds, made anew before the first process exists.
 *
 * A ghost is created under its old path, or a name beside it if that is taken, opened, and deleted again at
 * once; a memfd is made as such. Then it gets its contents. Descriptors and mappings of any process are
 * opened from it, and share it.
 */
#pragma once

#include "format/ghost.pb-c.h"
#include "restorer/restore.h"

struct ghost;

/* Takes the image of member ghost/ID.pb, ID being INDEX. -EBADMSG, logged, if it is not valid. */
int must_check ghosts_read(struct restore *restore, int32_t id, Cr__Ghost *image);

/* A use of a ghost by an open file description. */
struct ghost_claim {
	uint32_t ghost_id;
	const char *path;   /* one of the ghost's; borrowed */
	uint32_t type;      /* S_IFMT */
	uint32_t object_id; /* of the open file */
	uint32_t flags;     /* O_*, those of the open file */
};

/*
 * When all images are read: announces a use, so that what can only be opened while the ghost has a name, or
 * only by making it, is. -EBADMSG, logged, if there is no such ghost.
 */
int must_check ghosts_claim(struct restore *restore, const struct ghost_claim *claim);

/* The same for the uses by mappings and directories of processes. */
int must_check ghosts_plan(struct restore *restore);

/* Adds to restore->blockers what this host cannot give. */
void ghosts_check(struct restore *restore);

/* Makes all of them, empty. */
int must_check ghosts_create(struct restore *restore);

/* The ghost whose contents a member of this name holds, and how many bytes they are; NULL: none has such. */
struct ghost *ghosts_find_by_contents(struct restore *restore, const char *member_name, uint64_t *ret_size);

/* Fills it from the open member, and gives it owner, mode and attributes. */
int must_check ghosts_fill(struct restore *restore, struct ghost *ghost);

/* Marks contents as met; false if they were before. -EBADMSG, logged, if some were not. */
bool ghost_meet_contents(struct ghost *ghost);
int must_check ghosts_check_contents(struct restore *restore);

/* An O_PATH descriptor of this process, borrowed until ghosts_finish(); -EBADF if there is no such ghost. */
int ghosts_door(const struct restore *restore, uint32_t id, const char *path);

/*
 * A descriptor of this process, O_CLOEXEC, for a ghost that has been created: for a mapping, opened with
 * FLAGS (O_RDONLY or O_RDWR), or the open file that was announced. Logs. FLAGS of an open file are those of
 * the claim; which of them can be set later is the caller's to set.
 */
int must_check ghosts_open(struct restore *restore, uint32_t id, const char *path, int flags, int *ret_fd);
int must_check ghosts_open_claimed(struct restore *restore, const struct ghost_claim *claim, int *ret_fd);

/* When nothing is opened or mapped any more: seals, times, and flags that forbid. */
int must_check ghosts_finish(struct restore *restore);

void ghosts_done(struct restore *restore);
