/* SPDX-License-Identifier: MIT */
/*
 * Which options of sockets are kept, and what valid ones are.
 *
 * The table here is of those that all families share, level SOL_SOCKET. A family has tables of its own for
 * its levels, of the same form, and a SocketOptions message for each.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/compiler.h"
#include "format/fd/socket_options.pb-c.h"

/* Newer than the headers that this may be built with. */
#define CR_SO_PASSPIDFD 76
#define CR_SO_PASSRIGHTS 83
#define CR_SO_INQ 84

enum socket_option_phase {
	SOCKET_OPTION_EARLY, /* before the socket is bound, connected or filled */
	SOCKET_OPTION_LATE,  /* when its queue is filled, for it changes what may come in, or how */
	SOCKET_OPTION_LAST,  /* it stops others from being changed */
};

struct socket_option_spec {
	int level, number;
	const char *name;
	unsigned size; /* of its value in bytes: 4, 8 or 16; 0: text of less than SOCKET_OPTION_TEXT_SIZE */
	unsigned size_max; /* then, if not 0: bytes instead of text, so many at most; a new one has none */
	enum socket_option_phase phase;
	int64_t fresh;        /* what a new socket has; of 16 bytes all 0 */
	bool depends_on_host; /* on its settings: a new socket may have something else than FRESH elsewhere */
	int capability;       /* which has to be there to set what is not FRESH; -1: none */
};

struct socket_option_table {
	const struct socket_option_spec *specs;
	size_t count;
};

#define SOCKET_OPTION_TEXT_SIZE 16
#define SOCKET_OPTION_SIZE_MAX 2048 /* of any */
/* BPF_MAXINSNS, of <linux/bpf_common.h> */
#define SOCKET_FILTER_INSTRUCTIONS_MAX 4096

extern const struct socket_option_table socket_options_shared;

/* NULL: the option is not in TABLE. */
const struct socket_option_spec *socket_option_find(const struct socket_option_table *table, int level,
						    int number);

/* Of OPTIONS, which may be NULL; NULL if it is not among them. */
const Cr__SocketOption *socket_options_get(const Cr__SocketOptions *options, int level, int number);

/* The value of an option of 4 bytes, or FALLBACK. */
int32_t socket_options_get_int(const Cr__SocketOptions *options, int level, int number, int32_t fallback);

/*
 * 0, or -EBADMSG and why in *ret_reason (static text): every option is of TABLE, of its size, and there once;
 * the filter has whole instructions. OPTIONS may be NULL.
 */
int must_check socket_options_check(const struct socket_option_table *table, const Cr__SocketOptions *options,
				    const char **ret_reason);
