/* SPDX-License-Identifier: MIT */
/*
 * The terminal of the shell that cr-restore was started from, which a program dumped with --shell-job takes
 * over. While the program is in the foreground, cr-restore does for it what the shell does for a job: gives
 * it the terminal, and takes it back when the program stops or ends (termios(3), tcsetpgrp(3)).
 */
#pragma once

#include "common/terminal.h"
#include "restorer/restore.h"

struct shell_terminal {
	bool is_wanted;      /* the program has descriptors of it, or it is its controlling terminal */
	bool is_controlling; /* the latter */
	bool has_modes;      /* and it had set */
	struct terminal_modes modes; /* these */
	char path[32];               /* by which it can be opened; "": cr-restore has none */
	bool is_own_controlling;     /* and it is cr-restore's controlling terminal */
	int fd;                      /* -EBADF until the program is let go */
	pid_t group;                 /* the program's, which has the terminal then; 0: it has not */
	struct terminal_modes own_modes;
};

/* Looks for the terminal: adds a blocker if one is wanted and there is none. */
int must_check shell_terminal_plan(struct restore *restore, struct shell_terminal *shell);

/* A descriptor of it, FLAGS as for open(2). */
int must_check shell_terminal_open(const struct shell_terminal *shell, uint32_t flags, bool is_by_dev_tty,
				   int *ret_fd);

/* As the last thing before the tasks are let go: the terminal is theirs, if they are to be in the foreground.
 */
int must_check shell_terminal_give(struct restore *restore);

/* What of that is to be done where GROUP has this number. 1: it has the terminal. Logs. */
int must_check shell_terminal_hand(struct restore *restore, pid_t group);

/* The program has stopped: takes the terminal back, stops as it did, and gives it back when continued. */
void shell_terminal_suspend(struct restore *restore, int signal);
/* And then: continues the program, unless its group is ours and has been. */
void shell_terminal_continue(pid_t root);

/* The program has ended. HAS_FAILED: it could not clean up behind itself. */
void shell_terminal_take_back(struct restore *restore, bool has_failed);
