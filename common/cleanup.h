/* SPDX-License-Identifier: MIT */
/*
 * Scoped ownership: a local that owns something carries a cleanup attribute and is handed over with
 * take_ptr() or take_fd(). An empty file descriptor is -EBADF.
 */
#pragma once

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/compiler.h"

static inline void free_pointer(void *pointer)
{
	free(*(void **)pointer);
}

/* Closes *FD if it is one; keeps errno. */
static inline void close_pointer(const int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

static inline void fclose_pointer(FILE **file)
{
	if (*file)
		fclose(*file);
}

static inline void closedir_pointer(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

#define cleanup_free cleanup_(free_pointer)
#define cleanup_close cleanup_(close_pointer)
#define cleanup_fclose cleanup_(fclose_pointer)
#define cleanup_closedir cleanup_(closedir_pointer)

/* Defines TYPE_freep(), for cleanup_(TYPE_freep) on a pointer to TYPE. */
#define DEFINE_FREEP(type, free_function)                                                                    \
	static inline void type##_freep(struct type **pointer)                                               \
	{                                                                                                    \
		if (*pointer)                                                                                \
			free_function(*pointer);                                                             \
	}

#define take_ptr(pointer)                                                                                    \
	({                                                                                                   \
		__typeof__(pointer) taken_ = (pointer);                                                      \
		(pointer) = NULL;                                                                            \
		taken_;                                                                                      \
	})

static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -EBADF;
	return taken;
}

/* Closes *FD, if it is one, and marks it empty. */
static inline void close_fd(int *fd)
{
	close_pointer(fd);
	*fd = -EBADF;
}
