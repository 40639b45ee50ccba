/* SPDX-License-Identifier: MIT */
/* A graph of pipes and socket pairs, for refusal_graph.c: what it is made of, and what its processes do. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define OBJECTS_MAX 12
#define ENDS_MAX (2 * OBJECTS_MAX)
#define TREE_MAX 4
#define OUTSIDER TREE_MAX /* the process that is not dumped */
#define PROCESSES (TREE_MAX + 1)
#define MESSAGES_MAX 4
#define MESSAGE_SIZE_MAX 3000
#define MESSAGE_ENDS_MAX 3
#define PHASES 3 /* drain, write, read */
#define NONE (-1)

struct message {
	size_t size, begin; /* where it begins, of all that was sent to that end */
	unsigned ends[MESSAGE_ENDS_MAX], ends_count;
	bool has_come;
};

/* Of object N: 2 * N, which of a pipe is the one to read from, and 2 * N + 1. */
struct end {
	int fd;
	ino_t inode;
	bool is_held[PROCESSES];
	struct message messages[MESSAGES_MAX]; /* what was sent to it */
	unsigned messages_count;
	bool is_inside, is_outside;
	unsigned owner; /* of what is inside: the process that reads from it */
	int own_fd;     /* its number in this process, or NONE */
};

extern struct end ends[ENDS_MAX];
extern unsigned ends_count, tree_count;
extern uint64_t seed;
extern unsigned self; /* which process this is */

/* In the file "failed": those of the tree have no other way to say so. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Makes the graph of the seed, all of it in this process. */
void make_graph(void);

unsigned peer_of(unsigned end);
int type_of(unsigned end); /* SOCK_*; 0: of a pipe */
bool is_read_end(unsigned end);
bool is_write_end(unsigned end);
bool is_open(unsigned end);                         /* somewhere */
unsigned char byte_at(unsigned end, size_t offset); /* of what was sent to it */

/* That it was closed while it had not read all is told to its peer. */
bool has_error(unsigned end);
/* Whether a descriptor in its messages can be had only by taking the error away. */
bool is_unreadable(unsigned end);
/* Whether END must be named by a blocker. */
bool is_blocked(unsigned end);

/* Is one of the processes: keeps its ends, and does what the files in its folder tell it. */
_Noreturn void be_process(void);
