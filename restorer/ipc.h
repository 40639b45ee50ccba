/* SPDX-License-Identifier: MIT */
/*
 * Semaphores and message queues of System V: those that are gone are made again, under their ids and keys.
 * Those that are there stay as they are, unless it was a process of the archive that used them last: then
 * they are made what they were, for when a process ends the kernel undoes what it did to semaphores.
 */
#pragma once

#include "format/ipc.pb-c.h"
#include "restorer/restore.h"

enum ipc_state {
	IPC_UNCHANGED, /* is there, and stays as it is */
	IPC_MISSING,   /* is to be made */
	IPC_CHANGED,   /* is there, and is to be made what it was */
	IPC_MADE,      /* by this restore */
};

struct ipc {
	Cr__Ipc *image;                /* owned */
	enum ipc_state *sets, *queues; /* owned; by index */
};

/* Takes the image. -EBADMSG, logged, if it is not valid. */
int must_check ipc_read(struct restore *restore, Cr__Ipc *image);

/* When all is read: -EBADMSG, logged, if it speaks of processes that are not there. */
int must_check ipc_plan(struct restore *restore);

/* What is there and what is to be done; adds to restore->blockers. */
void ipc_preflight(struct restore *restore);

/* Makes what is missing, empty. */
int must_check ipc_create(struct restore *restore);

/* When all processes are there, with all privileges: contents, and what is to be undone at their end. Logs.
 */
int must_check ipc_fill(struct restore *restore);

/* Removes what was made, unless the restore is done. */
void ipc_done(struct restore *restore);

/* Bytes that the queue must be able to hold for what it is to hold, if its limit was lowered after that was
 * sent. */
uint64_t ipc_limit_for(const Cr__MessageQueue *queue);

/* The process of that id, if it can act; else NULL. */
struct task *ipc_find_actor(struct restore *restore, int32_t pid);
