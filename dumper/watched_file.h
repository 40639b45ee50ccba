/* SPDX-License-Identifier: MIT */
/* Finds the path of a file of which only the inode is known, as of one that an inotify instance watches. */
#pragma once

#include <sys/stat.h>

#include "common/file_handle.h"
#include "dumper/dump.h"

#define WATCHED_FILE_HANDLE_MAX FILE_HANDLE_SIZE_MAX

struct watched_file {
	uint64_t inode;
	unsigned major_number, minor_number; /* of the file system, as the kernel has it */
	int handle_type;                     /* name_to_handle_at(2) */
	size_t handle_size;                  /* 0: it has none */
	unsigned char handle[WATCHED_FILE_HANDLE_MAX];
};

struct watched_place {
	char *path;       /* absolute, leads to the file, in the arena; NULL: none is known */
	struct stat stat; /* of the file, if a path is known or is_deleted */
	bool is_deleted;  /* the file is there, without a name */
};

/* The mounts of this process, read once for many files. */
struct watched_mounts {
	char *text; /* owned */
	size_t size;
};

int must_check watched_mounts_read(struct watched_mounts *ret);
void watched_mounts_done(struct watched_mounts *mounts);

/*
 * By its handle (open_by_handle_at(2), CAP_DAC_READ_SEARCH). The kernel may have forgotten the path of a file
 * that is not open: then by a bounded search near the working directory of PROCESS and below its mounts.
 * Changes the working directory of this process for a moment, as opening a directory would be an event for
 * whoever watches it.
 */
int must_check watched_file_find(struct dump *dump, const struct watched_mounts *mounts,
				 const struct process *process, const struct watched_file *file,
				 struct watched_place *ret_place);
