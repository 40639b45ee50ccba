/* SPDX-License-Identifier: MIT */
/* The command line of cr-restore. */
#pragma once

#include <stdbool.h>

#include "common/compiler.h"
#include "common/log.h"
#include "common/options.h"
#include "common/progress.h"
#include "format/fd/external.h"

#define RESTORE_THREADS_MAX 64

/* What is asked for. Only RESTORE_MODE_RESTORE creates anything. */
enum restore_mode {
	RESTORE_MODE_RESTORE,
	RESTORE_MODE_LIST,       /* the members of the archive */
	RESTORE_MODE_INSPECT,    /* what is in it, in words */
	RESTORE_MODE_VERIFY,     /* read and check all of it */
	RESTORE_MODE_CHECK,      /* what would stop a restore here and now */
	RESTORE_MODE_LIST_LOCKS, /* connections whose packets are held back here; no archive */
};

/* How much of the files that are needed has to be as it was. */
enum file_validation {
	FILE_VALIDATION_STRICT, /* sizes, and the builds of programs and libraries */
	FILE_VALIDATION_SIZE,   /* sizes */
	FILE_VALIDATION_OFF,    /* that they are there, and of the same type */
};

/* What is done about the cgroups in which the program was. */
enum cgroup_mode {
	CGROUP_MODE_SOFT,   /* what is missing is made; what cannot be had is told */
	CGROUP_MODE_STRICT, /* all must be there */
	CGROUP_MODE_NONE,   /* the program has those of cr-restore */
};

/* A descriptor of cr-restore that is to be had instead of an open file of the archive. */
struct given_fd {
	int fd;
	const char *
		name; /* as the user wrote it, borrowed from argv: a key, or a path without its first slash */
	bool has_key;
	struct external_key key;
};

struct restore_options {
	const char *input; /* "-": standard input. Borrowed from argv, as is pidfile. */
	enum restore_mode mode;
	bool is_json; /* with RESTORE_MODE_INSPECT only */
	bool is_detached;
	bool is_shell_job;
	bool has_new_pid_ns;
	bool has_file_locks; /* the user knows that outside tasks may be involved */
	enum file_validation file_validation;
	enum cgroup_mode cgroup_mode;
	bool has_ext_unix_sk;           /* sockets that need servers outside are allowed */
	enum standard_fds standard_fds; /* standard descriptors that led outside become cr-restore's own */
	struct given_fd given_fds[OPTION_LIST_MAX];
	size_t given_fds_count;
	bool has_tcp_established; /* TCP connections are to go on */
	bool has_tcp_close;       /* or are closed */
	bool is_in_flight_skipped;
	const char *removed_lock;  /* NULL, or all that is asked for. Borrowed from argv. */
	const char *pidfile;       /* NULL: none */
	unsigned int thread_count; /* 0: as many as there are processors */
	enum log_level log_level;
	enum progress_mode progress;
};

/*
 * Fills OPTIONS, zeroed at first and large, from the command line. Returns 0, 1 when --help or --version has
 * been printed, -EINVAL after one line of usage error, or another negative errno, already reported.
 */
int must_check restore_options_parse(struct restore_options *options, int argc, char **argv);
