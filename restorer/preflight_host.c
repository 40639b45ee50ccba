/* SPDX-License-Identifier: MIT */
/* Whether this machine, its kernel and our rights are enough for a program that was dumped elsewhere. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/host.h"
#include "common/log.h"
#include "common/printable.h"
#include "restorer/preflight.h"

/*
 * Flags of /proc/cpuinfo that name instructions which a program may execute, and may have decided to execute
 * before it was dumped. An entry that ends in '*' stands for all that start so. Left out is what only makes
 * code faster (erms, fsrm) and what only the kernel sees.
 */
static const char *const instruction_flags[] = {
	"sse",        "sse2",       "pni",       "ssse3",         "sse4_1",   "sse4_2",    "sse4a",
	"avx",        "avx2",       "avx512*",   "avx_*",         "fma",      "fma4",      "xop",
	"f16c",       "bmi1",       "bmi2",      "tbm",           "aes",      "vaes",      "pclmulqdq",
	"vpclmulqdq", "sha_ni",     "sha512",    "sm3",           "sm4",      "gfni",      "movbe",
	"popcnt",     "abm",        "lahf_lm",   "cx16",          "rdrand",   "rdseed",    "adx",
	"fsgsbase",   "rdpid",      "rdtscp",    "xsave",         "xsaveopt", "xsavec",    "xgetbv1",
	"clflush",    "clflushopt", "clwb",      "cldemote",      "movdiri",  "movdir64b", "enqcmd",
	"serialize",  "tsxldtrk",   "rtm",       "hle",           "amx*",     "waitpkg",   "pku",
	"ospke",      "cmpccxadd",  "prefetchi", "3dnowprefetch", "monitorx", "clzero",    "wbnoinvd",
};

static bool flag_is_instruction(const char *flag)
{
	for (size_t i = 0; i < ARRAY_SIZE(instruction_flags); i++) {
		const char *entry = instruction_flags[i];
		size_t length = strlen(entry);

		if (entry[length - 1] == '*' ? strncmp(flag, entry, length - 1) == 0
					     : strcmp(flag, entry) == 0)
			return true;
	}
	return false;
}

static void check_cpu_flags(struct restore *restore, const struct host *host)
{
	const Cr__Host *dumped = restore->manifest->host;
	char missing[1024] = "", model[128];
	size_t used = 0;

	for (size_t i = 0; i < dumped->n_cpu_flags; i++) {
		const char *flag = dumped->cpu_flags[i];

		if (host_has_cpu_flag(host, flag) || !flag_is_instruction(flag) ||
		    used + strlen(flag) + 2 > sizeof(missing))
			continue;
		used += (size_t)snprintf(missing + used, sizeof(missing) - used, " %s", flag);
	}
	if (used == 0)
		return;
	blockers_add(&restore->blockers,
		     "this processor lacks instructions that the one it was dumped on (%s) has, and that the "
		     "program may be "
		     "using:%s; restore on a processor that has them",
		     printable(dumped->cpu_model, model, sizeof(model)),
		     printable(missing, (char[1024]){0}, 1024));
}

/* Intel's manual, volume 1, section 13.1. */
static const char *const xsave_names[] = {
	"x87",
	"SSE",
	"AVX",
	"MPX bounds",
	"MPX configuration",
	"AVX-512 masks",
	"AVX-512 upper halves",
	"AVX-512 upper registers",
	"processor trace",
	"protection keys",
	"PASID",
	"shadow stack",
	"supervisor shadow stack",
	"HDC",
	"user interrupts",
	"LBR",
	"HWP",
	"AMX configuration",
	"AMX tiles",
	"APX registers",
};

static void check_xsave(struct restore *restore, const struct host *host)
{
	uint64_t missing = restore->manifest->needed_xsave_features & ~host->xsave_features;
	char names[512] = "";
	size_t used = 0;

	for (size_t i = 0; i < 64; i++) {
		if (!(missing >> i & 1) || used + 32 > sizeof(names))
			continue;
		if (i < ARRAY_SIZE(xsave_names))
			used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", used ? ", " : "",
						 xsave_names[i]);
		else
			used += (size_t)snprintf(names + used, sizeof(names) - used, "%snumber %zu",
						 used ? ", " : "", i);
	}
	if (missing)
		blockers_add(&restore->blockers,
			     "the program has contents in registers that this processor, or its kernel, "
			     "lacks: %s; restore "
			     "where they are",
			     names);
}

static void check_vdso(struct restore *restore, const struct host *host)
{
	const Cr__Host *dumped = restore->manifest->host;
	char release[96];

	if (dumped->vdso_size == host->vdso_size && dumped->vdso_hash == host->vdso_hash)
		return;
	blockers_add(&restore->blockers,
		     "the kernel's vdso differs: dumped on %s, here %s; a program holds addresses into it; "
		     "restore on a host "
		     "with the same kernel",
		     printable(dumped->kernel_release, release, sizeof(release)), restore->features.release);
}

static void check_machine(struct restore *restore)
{
	const Cr__Host *dumped = restore->manifest->host;
	char machine[96];

	if (strcmp(dumped->machine, restore->features.machine) != 0)
		blockers_add(&restore->blockers, "the program is for a machine of type %s, and this is %s",
			     printable(dumped->machine, machine, sizeof(machine)), restore->features.machine);
	if (dumped->page_size != restore->features.page_size)
		blockers_add(&restore->blockers,
			     "pages of memory have %ju bytes here, and had %ju where it was dumped",
			     (uintmax_t)restore->features.page_size, (uintmax_t)dumped->page_size);
}

static void check_memory(struct restore *restore)
{
	for (size_t i = 0; i < restore->tasks_count; i++) {
		const struct task *task = &restore->tasks[i];

		if (!task->memory || task->memory->n_guard_pages == 0 || restore->features.has_pagemap_guard)
			continue;
		LOG_SCOPE("pid %d", task->image->pid);
		blockers_add(&restore->blockers,
			     "its memory has guard regions (MADV_GUARD_INSTALL), which this "
			     "kernel does not know (Linux 6.15)");
	}
}

static void check_rights(struct restore *restore)
{
	if (!restore->features.has_clone_set_tid)
		blockers_add(&restore->blockers, "this kernel cannot create a process under a given id: "
						 "clone3(2) with set_tid is needed, which "
						 "Linux has since 5.5");
	else if (!restore->features.may_clone_set_tid)
		blockers_add(&restore->blockers,
			     "creating processes under given ids is not permitted: it needs "
			     "CAP_CHECKPOINT_RESTORE or "
			     "CAP_SYS_ADMIN in the user namespace that owns the pid namespace; run as root");
}

int preflight_host(struct restore *restore)
{
	cleanup_(host_done) struct host host = {0};
	int r = host_describe(&host);

	if (r < 0)
		return log_error_errno(r, "cannot find out about this host");
	check_machine(restore);
	check_memory(restore);
	check_rights(restore);
	check_cpu_flags(restore, &host);
	check_xsave(restore, &host);
	check_vdso(restore, &host);
	return 0;
}
