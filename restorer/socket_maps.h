/* SPDX-License-Identifier: MIT */
/* Mappings of sockets: the rings of packet(7). */
#pragma once

#include "restorer/restore.h"

/* In memory only: adds to restore->blockers, or fails with -EBADMSG, where a mapping is not of a socket with
 * rings. */
int must_check socket_maps_plan(struct restore *restore);

/* Maps them in a task, when all open files are there. Logs. */
int must_check socket_maps_make(struct restore *restore, struct task *task);
