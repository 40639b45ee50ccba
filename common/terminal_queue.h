/* SPDX-License-Identifier: MIT */
/*
 * What waits in a pseudo-terminal (pty(7)), seen in the kernel's memory.
 *
 * No system call tells it without taking it away. Each end has a line discipline (N_TTY) with the bytes that
 * its reader has not read yet, and before it a queue of what the other end has written and there was no room
 * for.
 */
#pragma once

#include <stdbool.h>

#include "common/cleanup.h"
#include "common/kernel_memory.h"

/* Bytes that the line discipline has room for (N_TTY_BUF_SIZE), and a limit for what waits before it. */
#define TERMINAL_QUEUE_SIZE 4096
#define TERMINAL_WAITING_MAX ((size_t)256 << 10)

/* One end. */
struct terminal_queue {
	unsigned char *data; /* not read yet, oldest first; owned */
	size_t data_count;
	unsigned char *line_ends; /* 0 or 1 for each of them: a line of canonical mode ends there; owned */
	size_t lines_size;        /* of them belong to finished lines */
	unsigned char *waiting;   /* written by the other end, and not processed yet; owned */
	size_t waiting_count;
	bool is_stopped;         /* its output, by the stop character or by tcflow(3) */
	bool is_stopped_by_call; /* by tcflow(3) */
	bool has_echo;           /* of input, that waits to be put out */
	bool is_literal_next;    /* the next byte is to be taken as it is (VLNEXT) */
	bool is_erasing;         /* between the marks of ECHOPRT */
	bool is_pushed;          /* the first line has become one by a change to canonical mode */
	uint8_t packet_events;   /* that the master is to be told of this end (TIOCPKT_*) */
	unsigned opened;         /* open file descriptions of it, hung up ones too, wherever they are */
};

void terminal_queue_done(struct terminal_queue *queue);

struct terminal_queues;

/* As kernel_memory_open() and kernel_types_open(); -ENOENT too if this kernel calls things otherwise. */
int must_check terminal_queues_open(struct terminal_queues **ret_queues);
void terminal_queues_free(struct terminal_queues *queues);
DEFINE_FREEP(terminal_queues, terminal_queues_free)

/*
 * Both ends of the pseudo-terminal of which FD, a descriptor of the calling thread, leads to one. Nobody may
 * use them meanwhile, but for the kernel, which carries what was written from one end to the other: -EAGAIN
 * if it does not come to rest. -EMEDIUMTYPE: one has another line discipline than N_TTY.
 */
int must_check terminal_queues_read(struct terminal_queues *queues, int fd, struct terminal_queue *ret_own,
				    struct terminal_queue *ret_other);

/* A number for the terminal end that FD leads to, the same for all descriptors of it, hung up ones too. */
int must_check terminal_queues_identify(struct terminal_queues *queues, int fd, uint64_t *ret_end,
					uint64_t *ret_other);
