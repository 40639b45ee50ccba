/* SPDX-License-Identifier: MIT */
/* The runner's context: one program, one mode, one scratch directory. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/compiler.h"

#define OPTION_LIMIT 32

struct run {
	/* Options; all strings are borrowed from argv. */
	const char *mode;
	const char *dump, *restore;
	const char *dump_options[OPTION_LIMIT + 1], *restore_options[OPTION_LIMIT + 1];
	size_t dump_options_count, restore_options_count;
	char **argv;
	long user, group;       /* the program's, or -1 */
	unsigned int settle_ms; /* no protocol: the checkpoint is this long after the start; 0 = protocol */
	bool is_stopped;        /* the program stops itself at its checkpoint */
	bool keep, use_pid_namespace, use_network_namespace, use_namespaces, verbose, no_compare;
	unsigned int timeout_ms;

	/* The workplace: WORK holds scratch/, saved/, the archive and the tools' messages. */
	char work[256], scratch[300], saved[300], archive[300], pidfile[300], tool_log[300];

	/* The program. */
	pid_t pid;
	int pidfd;
	int exit_status; /* as waitid(2) gives it, once has_exited */
	int exit_code;
	bool has_exited;
	/* The foreground cr-restore that stands in for the program, or 0. */
	pid_t foreground_pid;
	unsigned int checkpoint_number;
	int expected_status; /* exit status that stands for success */
	int64_t deadline_ms;
};

enum run_result {
	RUN_PASSED = 0,
	RUN_FAILED = 1,
	RUN_SKIPPED = 77,
};

/* Messages of the runner are lines on stdout. Always returns RUN_FAILED. */
int run_failed(const char *format, ...) printf_like(1, 2);
void run_note(const char *format, ...) printf_like(1, 2);

int64_t now_ms(void);
/* What is left of the time for the whole run. */
int remaining_ms(const struct run *run);

/* run_scenario.c: the program in its mode, here and now. */
int run_once(struct run *run);

/* runner_environment.c: run_once() in the namespaces that the options ask for. */
int environment_run(struct run *run);

/* runner_process.c. RUN_PASSED or RUN_FAILED after a message unless said otherwise. */

int program_start(struct run *run);
/* Waits until the program has announced its next checkpoint (*ret_is_ready) or is gone. */
int program_wait_event(struct run *run, bool *ret_is_ready);
/* Tells the program to go on, with SIGCONT if it is a stopping one. */
int program_release(struct run *run);
/* Waits until all threads of the program are in state T. */
int program_wait_stopped(const struct run *run);
/* Waits for the program to end and takes its exit status. */
int program_reap(struct run *run, int timeout_ms);
/* Finds the restored program by its old pid. */
int program_adopt(struct run *run);
/* The verdict of a program that has ended. */
int program_verdict(const struct run *run);
/* Waits until nothing is left of the tree below the program, which has ended. */
int program_wait_alone(const struct run *run, int timeout_ms);
/* Ends the program, and what is left of its tree. */
void program_kill(struct run *run);
/* Prints where each thread of PID is. */
void process_report(pid_t pid, const char *name);

/*
 * Runs ARGV with stderr to the tool log. INPUT_PATH and OUTPUT_PATH, if given, go through a pipe and cat(1).
 * A negative result is a failure that has been reported, anything else the exit status.
 */
int tool_run(struct run *run, const char *const *argv, const char *input_path, const char *output_path);
/* Starts ARGV and leaves it running; its pid or a negative errno. */
pid_t tool_start(struct run *run, const char *const *argv, int input, int output);
/* Waits for the tool PID; kills it when the time is up. Its exit status, 128 + signal, or negative. */
int tool_wait(struct run *run, pid_t pid, const char *name);
void tool_print_log(const struct run *run);

/* runner_modes.c */
int mode_run(struct run *run);
bool mode_exists(const char *name);
void mode_list(void);
