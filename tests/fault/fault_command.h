/* SPDX-License-Identifier: MIT */
/* Starts cr-dump or cr-restore, ends it at a chosen moment, and keeps what it said. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct command {
	char *const *argv; /* argv[0] is the program's path */
	const char *log;   /* file for what it says */
	/* Called in the new process, to spoil its environment; false: it cannot be spoilt. */
	bool (*prepare)(void *data);
	void *data;
	int signal; /* sent after delay_us; 0: none */
	int64_t delay_us;
};

#define COMMAND_CANNOT_PREPARE 99

/* Runs it to its end, which is by SIGKILL if it takes longer than 20 seconds; returns the status as wait(2)
 * gives it, or -1. *ret_duration_us may be NULL. */
int command_run(const struct command *command, int64_t *ret_duration_us);

/* The beginning of the log, on one line; valid until the next call. */
const char *command_said(const struct command *command);

/* "exit status 1", "signal 9"; valid until the next call. */
const char *command_status(int status);

/* xorshift64, so that a run can be repeated from its seed. */
uint64_t random_next(uint64_t *state);
/* FAULT_SEED from the environment, or one made up. Never 0. */
uint64_t random_seed(void);
