/* SPDX-License-Identifier: MIT */
/* One ghost, for the files that make it. */
#pragma once

#include "format/ghost.h"
#include "restorer/ghosts.h"

/* A use that needs care: it has to be opened by name, or is what was made first. */
struct ghost_opening {
	uint32_t object_id;
	uint32_t flags;
	size_t path; /* index */
	int fd;      /* -EBADF: not yet, or handed over */
};

struct ghost {
	Cr__Ghost *image;  /* owned */
	int *doors;        /* O_PATH, one for each path; owned */
	int writable_door; /* the file by a way on which it can be changed; -EBADF: the first door */
	int made_fd;       /* a memfd, or what O_TMPFILE made; is the open file MADE_OBJECT's */
	int kept_fd;       /* the file that is still there, O_PATH */
	uint32_t made_object, made_flags;
	struct ghost_opening *openings; /* with O_NOFOLLOW, owned */
	size_t openings_count, openings_capacity;
	bool has_contents;    /* they have been met */
	bool is_segment_made; /* of shared memory, which stays behind unless it is removed */
	bool is_executed;     /* or mapped so: not on a mount with noexec */
};

/* By which the file can be changed. */
static inline int ghost_writable_door(const struct ghost *ghost)
{
	return ghost->writable_door >= 0 ? ghost->writable_door : ghost->doors[0];
}

/* "/proc/self/fd/N" of a door. */
#define GHOST_LINK_SIZE 32
const char *ghost_link(int fd, char buffer[GHOST_LINK_SIZE]);

/* Where the name of that index is made: its path, or one in another directory; PATH_MAX bytes. */
void ghost_place(const struct ghost *ghost, size_t index, char *buffer);

/* For messages: its first path, made safe to print. */
const char *ghost_name(const struct ghost *ghost, char *buffer, size_t size);

/* The directory that PATH lies in, or the nearest that is there of those that lead to it; PATH_MAX bytes. */
struct stat;
int must_check ghost_find_directory(const char *path, char *ret_directory, struct stat *ret_st);

/* restorer/ghost_handle.c: adds blockers if the file is not found by its handle; opens it so, with FLAGS. */
void ghost_handle_check(struct restore *restore, const struct ghost *ghost);
int must_check ghost_handle_open(const Cr__FileHandle *handle, int flags, int *ret_fd);

/* restorer/ghost_create.c: all of them, each at its place for a moment. */
int must_check ghost_create_all(struct restore *restore);

/* restorer/ghost_sysv.c: segments of shared memory: adds blockers; makes one, or finds the one that was left;
 * removes what was made if the restore has failed; marks it for removal, when it is attached, if it was. */
void ghost_sysv_check(struct restore *restore, const struct ghost *ghost);
int must_check ghost_sysv_make(struct ghost *ghost);
bool ghost_sysv_is_left(const struct ghost *ghost);
void ghost_sysv_undo(struct ghost *ghost);
int must_check ghost_sysv_finish(const struct ghost *ghost);

/* restorer/ghost_dress.c: contents; owner, mode, attributes; seals, times, flags. Log. */
int must_check ghost_fill(struct ghost *ghost, struct archive_reader *reader);
int must_check ghost_dress(const struct ghost *ghost);
int must_check ghost_finish(const struct ghost *ghost);
