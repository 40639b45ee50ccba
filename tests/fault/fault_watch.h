/* SPDX-License-Identifier: MIT */
/* Starts fault_target and finds out whether it has come to harm. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "tests/fault/fault_board.h"

#define WATCH_MESSAGE_SIZE 512

/* A target, and what it looked like when all was well. */
struct watched {
	pid_t pid;
	bool is_child;
	struct fault_board *board; /* shared with it */
	char *maps;
	char *signals; /* SigIgn, SigCgt */
	char blocked[FAULT_SLOTS_MAX][32];
	uint32_t stop_interruptions;
	char message[WATCH_MESSAGE_SIZE];
};

/* Starts PROGRAM in a session of its own, with its board at BOARD. False, and a message, if it does not get
 * going. */
bool watched_start(struct watched *watched, const char *program, const char *board, const char *shape,
		   const char *sigtrap);

/* Takes an already running target, such as one that was restored, for PID. */
bool watched_adopt(struct watched *watched, pid_t pid);

/*
 * What is wrong with the target, or NULL. It must run, or be stopped if IS_STOPPED; be traced by nobody; have
 * the same mappings and signal state; every thread of it must make progress within some seconds.
 */
const char *watched_harm(struct watched *watched, bool is_stopped);

/* Whether all threads are in a job-control stop. */
bool watched_is_stopped(struct watched *watched);

/* Kills the target and frees what is held. */
void watched_done(struct watched *watched);

/* The file /proc/PID/NAME, to be freed; NULL if it cannot be read. */
char *watch_read(pid_t pid, const char *name);

int64_t watch_now_us(void);
void watch_sleep_us(int64_t time_us);
