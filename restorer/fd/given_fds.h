/* SPDX-License-Identifier: MIT */
/* Descriptors that cr-restore was started with, and that the program is to have: --inherit-fd and --stdio. */
#pragma once

#include "restorer/fd/fd_restorer.h"

/* By --inherit-fd: of KEY and an access mode that does for FLAGS, or of PATH. NULL: there is none. */
const struct given_fd *given_fds_find_key(const struct restore *restore, const struct external_key *key,
					  uint32_t flags);
const struct given_fd *given_fds_find_path(const struct restore *restore, const char *path);

/* Whether an open file of FLAGS, as of F_GETFL, can be used as one of WANTED. */
bool given_fd_suits(int fd, uint32_t wanted);

/* A descriptor of this process that leads to the same; logs. */
int must_check given_fd_take(int fd, int *ret_fd);

/* Adds to restore->blockers what was given for nothing. */
void given_fds_check(struct restore *restore);
