/* SPDX-License-Identifier: MIT */
/*
 * What the members of an archive are called, in which order they stand, and how large an image may be.
 *
 * manifest.pb; for each process, in the manifest's order, task/PID.pb, mm/PID.pb and fd_table/PID.pb (the
 * first alone for a zombie, and not those that it shares with one before); ipc.pb, if semaphores or message
 * queues are used; ghost/ID.pb for each file that no
 * path leads to, in the order of their ids; fd/KIND.pb, at most one for each kind of open file; then what is
 * not an image: ghost/ID, for each such file that holds something; pages/PID, for each process that has
 * contents stored, in the manifest's order; fd/KIND/ID, for each open file that has contents of its own
 * (those of a pipe, for example); the seal.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/compiler.h"

#define LAYOUT_NAME_SIZE 64

#define LAYOUT_MANIFEST "manifest.pb"
#define LAYOUT_TASK_FORMAT "task/%d.pb"
#define LAYOUT_MEMORY_FORMAT "mm/%d.pb"
#define LAYOUT_FD_TABLE_FORMAT "fd_table/%d.pb"
#define LAYOUT_IPC "ipc.pb"
#define LAYOUT_GHOST_FORMAT "ghost/%d.pb"
#define LAYOUT_GHOST_CONTENTS_FORMAT "ghost/%d"
#define LAYOUT_FD_FORMAT "fd/%s.pb"
#define LAYOUT_FD_CONTENTS_FORMAT "fd/%s/%u"
#define LAYOUT_PAGES_FORMAT "pages/%d"

/* The largest images, in bytes of the member. What a count in one may be follows from them. */
#define LAYOUT_MANIFEST_SIZE_MAX ((uint64_t)32 << 20)
#define LAYOUT_TASK_SIZE_MAX ((uint64_t)256 << 20)
#define LAYOUT_MEMORY_SIZE_MAX ((uint64_t)256 << 20)
#define LAYOUT_FD_TABLE_SIZE_MAX ((uint64_t)32 << 20)
#define LAYOUT_IPC_SIZE_MAX ((uint64_t)64 << 20)
#define LAYOUT_GHOST_SIZE_MAX ((uint64_t)64 << 20)
#define LAYOUT_FD_SIZE_MAX ((uint64_t)128 << 20)

#define LAYOUT_PROCESSES_MAX 65536U

/* The kernel's greatest pid_max on 64-bit machines: ids are below. */
#define LAYOUT_PID_LIMIT 4194304

static inline bool layout_pid_is_valid(int32_t pid)
{
	return pid > 0 && pid < LAYOUT_PID_LIMIT;
}

/* The name of a member about process (or table) ID in NAME, which is returned. FORMAT is one of the above. */
#define layout_name(name, format, id) (snprintf((name), LAYOUT_NAME_SIZE, format, (id)), (name))
