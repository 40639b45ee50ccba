/* SPDX-License-Identifier: MIT */
/* What of this host a dumped program may depend on: its processor and its vdso. */
#pragma once

#include <stdbool.h>

#include "common/compiler.h"

/* The kernel knows some 400. */
#define HOST_CPU_FLAGS_MAX 1024

struct host {
	char *cpuinfo;          /* of the first processor; owned, what the next two point into */
	const char *cpu_model;  /* "" if it is not told */
	const char **cpu_flags; /* "avx2" ... as in /proc/cpuinfo; the array is owned */
	size_t cpu_flags_count, cpu_flags_capacity;
	uint64_t xsave_features; /* XCR0 */
	uint64_t vdso_size;      /* of its loaded part; 0: there is none */
	uint64_t vdso_hash;      /* FNV-1a of that part */
};

int must_check host_describe(struct host *ret_host);
void host_done(struct host *host);
bool host_has_cpu_flag(const struct host *host, const char *flag);

/* Takes the text of /proc/cpuinfo, from malloc(3), apart; HOST owns it in any case. */
int must_check host_parse_cpuinfo(struct host *host, char *text);
