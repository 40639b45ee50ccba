/* SPDX-License-Identifier: MIT */
/*
 * The terminals of the tree: what the kinds ptmx and terminal share.
 *
 * Each adds the ends that it meets. When all are known they are joined to pseudo-terminals, and with the
 * sessions whose controlling terminals they are.
 */
#pragma once

#include "common/id_map.h"
#include "common/proc/terminal_holders.h"
#include "common/terminal.h"
#include "common/terminal_queue.h"
#include "dumper/fd/fd_dumper.h"
#include "format/fd/ptmx.pb-c.h"
#include "format/fd/terminal.pb-c.h"

/* An open file description of a terminal, master or slave or other. */
struct terminal_end {
	struct open_file *file;
	const struct process *process; /* that has it */
	int fd;                        /* there */
	Cr__Ptmx *ptmx;                /* of a master, else NULL */
	Cr__Terminal *terminal;        /* of all others */
	dev_t device;                  /* of the terminal; of a master that of its slave; 0: cannot be told */
	dev_t filesystem;              /* devpts of the slave's node; 0: cannot be told */
	uint64_t identity;             /* of the terminal (or the slave) in the kernel; 0: cannot be told */
	const char *path;              /* of the slave's node, for a person */
	/* Of a master: */
	pid_t session;   /* 0: none; -1: in another pid namespace */
	unsigned opened; /* how often the slave is open; with has_opened */
	bool has_opened;
	/* Of others: */
	bool has_input;  /* that can be read */
	bool is_blocked; /* nothing can be written */
};

struct terminals {
	struct terminal_end *ends;
	size_t ends_count, ends_capacity;
	struct terminal_queues *queues; /* NULL: cannot be looked at, because of */
	int queues_error;               /* a negative errno; 0: not tried yet */
	/* While they are checked, terminals_outside.c: */
	struct terminal_holders holders; /* outside of the tree */
	struct id_map inside;            /* pids of the tree: index in dump->processes */
	dev_t shell_device;              /* the terminal that becomes cr-restore's; 0: none */
	const char *shell_path;
};

/* Made at the first call. NULL, logged: memory is short. */
struct terminals *terminals_get(struct dump *dump);

/* A new end, or NULL after logging that memory is short. */
struct terminal_end *terminals_add(struct dump *dump, const struct process *process,
				   const struct fd_info *info, struct open_file *file);

/* Opens terminals->queues if it can be. */
void terminals_open_queues(struct terminals *terminals);

/* False after adding a blocker: the terminal has another line discipline than N_TTY, and settings of its own.
 */
bool terminals_check_discipline(struct dump *dump, int our_fd, const char *path);

/* In the arena, NULL when memory is short. */
Cr__TerminalSettings *terminals_settings(struct dump *dump, const struct terminal_settings *settings);
Cr__TerminalNode *terminals_node(struct dump *dump, const struct stat *st);

/* The master of the pseudo-terminal whose node ST is of, if the tree has it; NULL. When all are known. */
const struct open_file *terminals_find_by_node(struct dump *dump, const struct stat *st);

/* Once for both kinds: joins what was collected, and adds blockers. */
int must_check terminals_check(struct dump *dump);
void terminals_done(struct dump *dump);
