/* SPDX-License-Identifier: MIT */
/*
 * On which CPUs cr-restore and its puppets run.
 *
 * They take turns: while one works the other waits for it. On one CPU a turn costs a switch from one task to
 * the other; on two the other CPU, which is idle, has to be woken for each, which takes several times as
 * long, most of all in a virtual machine. So from the first puppet on all of them run where cr-restore is at
 * that moment.
 */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "restorer/restore.h"

/* Room for 65,536 processors. */
#define AFFINITY_SIZE_MAX 8192

/* Tasks that are made from now on run on one CPU, and so does this thread. Does nothing if it may not. */
void affinity_narrow(struct restore *restore);

/* This thread runs where it was allowed to before. */
void affinity_widen(struct restore *restore);

/*
 * WANTED: a mask of sched_setaffinity(2), empty: there is none. A task that is allowed on all CPUs of its
 * cpuset is on those too that its cpuset will be given later: the kernel cuts the cpuset's by what was last
 * asked for.
 */
int must_check affinity_restore(const struct restore *restore, pid_t tid, const ProtobufCBinaryData *wanted);
