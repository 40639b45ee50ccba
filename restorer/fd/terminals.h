/* SPDX-License-Identifier: MIT */
/*
 * The terminals of an archive: what the kinds ptmx and terminal share, and what the tree of processes needs
 * of them.
 *
 * Pseudo-terminals are made before the first process: a session gets its controlling terminal when its leader
 * has made the session and before it has children, who inherit it (ioctl_tty(2), TIOCSCTTY). Until the tasks
 * get their own descriptors, puppets have the same as this process, under the same numbers.
 */
#pragma once

#include "common/terminal.h"
#include "format/fd/ptmx.pb-c.h"
#include "format/fd/terminal.pb-c.h"
#include "restorer/fd/fd_restorer.h"
#include "restorer/fd/shell_terminal.h"

/* Masters are opened under this name if none is known. */
#define TERMINALS_PTMX_PATH "/dev/ptmx"

/* A pseudo-terminal being made. */
struct pseudo_terminal {
	uint32_t index;
	const struct object *master; /* NULL: it is closed, and what is open of the slave is hung up */
	const Cr__Ptmx *image;       /* the master's, or NULL */
	int master_fd, slave_fd;     /* ours; -EBADF: not open */
};

/* An end that has to be opened before others, until its object asks for it. */
struct early_end {
	const struct object *object;
	int fd;
};

/* A terminal of the host that is the controlling one of a session; ours is open until the tasks have theirs,
 * for when nobody has it open any more the session loses it. */
struct host_terminal {
	const Cr__ControllingTerminal *image;
	int fd; /* -EBADF until it is opened */
};

struct terminals {
	uint32_t *ids; /* of the open files of both kinds; owned, as are the other two */
	size_t ids_count, ids_capacity;
	struct pseudo_terminal *pseudos; /* by index */
	size_t pseudos_count, pseudos_capacity;
	struct host_terminal *hosts;
	size_t hosts_count, hosts_capacity;
	struct early_end *early;
	size_t early_count, early_capacity;
	struct shell_terminal shell;
};

/* Made at the first call. NULL: memory is short. */
struct terminals *terminals_get(struct restore *restore);

/* A kind's read() notes its object. */
int must_check terminals_add(struct restore *restore, const struct object *object);

/* Object number I of ids; whether it is a master, and what it is else. */
const struct object *terminals_object(struct restore *restore, size_t i);
bool terminals_is_master(const struct object *object);
static inline const Cr__Terminal *terminals_image(const struct object *object)
{
	return (const Cr__Terminal *)object->entry;
}

/* Of the host, not a pseudo-terminal or the shell's. */
bool terminals_is_of_host(const Cr__ControllingTerminal *image);
/* NULL: there is none. */
struct pseudo_terminal *terminals_find(const struct terminals *terminals, uint32_t index);
/* The one whose master is open file PTMX_ID. */
struct pseudo_terminal *terminals_find_by_master(const struct terminals *terminals, uint32_t ptmx_id);

/*
 * When all is read and the tree is planned: -EBADMSG, logged, if terminals and sessions do not fit together;
 * adds to restore->blockers what this host cannot give.
 */
int must_check terminals_plan(struct restore *restore);

/* Makes the pseudo-terminals; before the first process. */
int must_check terminals_create(struct restore *restore);

/* A descriptor of its slave for OBJECT. Logs. */
int must_check terminals_open_end(const struct pseudo_terminal *pseudo, const struct object *object,
				  int *ret_fd);

/* Its slave's node, O_PATH and O_NOFOLLOW. Logs. */
int must_check terminals_open_node(const struct pseudo_terminal *pseudo, int *ret_fd);

/* Gives TASK, which has just become the leader of a session, its controlling terminal. */
int must_check terminals_give(struct restore *restore, struct task *task);

/* When all process groups exist: the foreground ones, and tasks that have left their terminal. */
int must_check terminals_settle(struct restore *restore);

/* When all tasks have their descriptors: the last settings, which would have been in the way. */
int must_check terminals_finish(struct restore *restore);
void terminals_done(struct restore *restore);
