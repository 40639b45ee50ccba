/* SPDX-License-Identifier: MIT */
/* The command line of cr-dump. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "common/compiler.h"
#include "common/log.h"
#include "common/options.h"
#include "common/progress.h"
#include "format/fd/external.h"

#define DUMP_LEVEL_DEFAULT 1
#define DUMP_THREADS_MAX 64
#define DUMP_TIMEOUT_SECONDS_DEFAULT 10
#define DUMP_GHOST_LIMIT_DEFAULT (UINT64_C(1) << 30)

/* What becomes of the tree once it has been dumped. */
enum dump_aftermath {
	DUMP_AFTERMATH_KILL,
	DUMP_AFTERMATH_LEAVE_RUNNING,
	DUMP_AFTERMATH_LEAVE_STOPPED,
};

struct dump_options {
	pid_t root_pid;
	const char *output; /* "-": standard output; NULL only with is_check. Borrowed from argv. */
	enum dump_aftermath aftermath;
	bool is_shell_job;
	bool has_file_locks;            /* the user knows that outside tasks may be involved */
	bool has_ext_unix_sk;           /* datagram sockets may be connected to others outside */
	enum standard_fds standard_fds; /* standard input, output and error may lead outside */
	struct external_key externals[OPTION_LIST_MAX]; /* open files that may lead outside */
	size_t externals_count;
	bool has_tcp_established;     /* TCP connections are kept */
	bool has_tcp_close;           /* or are lost */
	bool is_in_flight_skipped;    /* what is under way and cannot be preserved is left out */
	bool is_json;                 /* say on standard output what came of it */
	bool is_check;                /* look and report, write nothing */
	uint64_t ghost_limit;         /* the most that a deleted file may hold, in bytes */
	int level;                    /* of zstd */
	unsigned int thread_count;    /* 0: as many as there are processors */
	unsigned int timeout_seconds; /* for the tree to stop */
	enum log_level log_level;
	enum progress_mode progress;
};

/*
 * Fills OPTIONS, zeroed at first and large, from the command line. Returns 0, 1 when --help or --version has
 * been printed, -EINVAL after one line of usage error, or another negative errno, already reported.
 */
int must_check dump_options_parse(struct dump_options *options, int argc, char **argv);
