/* SPDX-License-Identifier: MIT */
/*
 * The memory mappings of a process: /proc/PID/maps and /proc/PID/smaps (proc_pid_maps(5), proc_pid_smaps(5),
 * kernel Documentation/filesystems/proc.rst).
 *
 * smaps repeats every line of maps and adds VmFlags, which no other interface of the kernel tells; but it
 * walks all page tables to count pages, so it costs time in proportion to resident memory. maps is the cheap
 * one.
 */
#pragma once

#include <stdbool.h>

#include "common/compiler.h"

/* One bit per two-letter code of VmFlags: VMA_FLAG(name, code, meaning). Order is ours, not the kernel's. */
#define VMA_FLAGS(VMA_FLAG)                                                                                  \
	VMA_FLAG(READ, "rd", "readable")                                                                     \
	VMA_FLAG(WRITE, "wr", "writable")                                                                    \
	VMA_FLAG(EXEC, "ex", "executable")                                                                   \
	VMA_FLAG(SHARED, "sh", "shared, and writable now or once")                                           \
	VMA_FLAG(MAY_READ, "mr", "may become readable")                                                      \
	VMA_FLAG(MAY_WRITE, "mw", "may become writable")                                                     \
	VMA_FLAG(MAY_EXEC, "me", "may become executable")                                                    \
	VMA_FLAG(MAY_SHARE, "ms", "MAP_SHARED")                                                              \
	VMA_FLAG(GROWS_DOWN, "gd", "MAP_GROWSDOWN")                                                          \
	VMA_FLAG(PFN_MAP, "pf", "bare page frames, no pages behind")                                         \
	VMA_FLAG(LOCKED, "lo", "mlock")                                                                      \
	VMA_FLAG(LOCK_ON_FAULT, "lf", "mlock2 MLOCK_ONFAULT")                                                \
	VMA_FLAG(IO, "io", "memory-mapped I/O")                                                              \
	VMA_FLAG(SEQUENTIAL, "sr", "MADV_SEQUENTIAL")                                                        \
	VMA_FLAG(RANDOM, "rr", "MADV_RANDOM")                                                                \
	VMA_FLAG(DONT_FORK, "dc", "MADV_DONTFORK")                                                           \
	VMA_FLAG(DONT_EXPAND, "de", "mremap may not grow it")                                                \
	VMA_FLAG(ACCOUNT, "ac", "counts for overcommit")                                                     \
	VMA_FLAG(NO_RESERVE, "nr", "MAP_NORESERVE")                                                          \
	VMA_FLAG(HUGETLB, "ht", "MAP_HUGETLB or a hugetlbfs file")                                           \
	VMA_FLAG(SYNC, "sf", "MAP_SYNC")                                                                     \
	VMA_FLAG(NON_LINEAR, "nl", "remap_file_pages, before Linux 4.0")                                     \
	VMA_FLAG(ARCH_1, "ar", "architecture; on x86 a page attribute table range")                          \
	VMA_FLAG(WIPE_ON_FORK, "wf", "MADV_WIPEONFORK")                                                      \
	VMA_FLAG(DONT_DUMP, "dd", "MADV_DONTDUMP")                                                           \
	VMA_FLAG(BRANCH_TARGET, "bt", "arm64 BTI")                                                           \
	VMA_FLAG(SOFT_DIRTY, "sd", "soft dirty")                                                             \
	VMA_FLAG(MIXED_MAP, "mm", "pages and bare page frames")                                              \
	VMA_FLAG(HUGE_PAGE, "hg", "MADV_HUGEPAGE")                                                           \
	VMA_FLAG(NO_HUGE_PAGE, "nh", "MADV_NOHUGEPAGE")                                                      \
	VMA_FLAG(MERGEABLE, "mg", "MADV_MERGEABLE")                                                          \
	VMA_FLAG(UFFD_MISSING, "um", "userfaultfd, missing pages")                                           \
	VMA_FLAG(UFFD_WRITE_PROTECT, "uw", "userfaultfd, write protection")                                  \
	VMA_FLAG(UFFD_MINOR, "ui", "userfaultfd, minor faults")                                              \
	VMA_FLAG(MEMORY_TAGGING, "mt", "arm64 MTE")                                                          \
	VMA_FLAG(SHADOW_STACK, "ss", "x86 user shadow stack")                                                \
	VMA_FLAG(DROPPABLE, "dp", "MAP_DROPPABLE")                                                           \
	VMA_FLAG(SEALED, "sl", "mseal")                                                                      \
	VMA_FLAG(MAYBE_GUARD, "gu", "MADV_GUARD_INSTALL within")

enum vma_flag_index {
#define VMA_FLAG(name, code, meaning) VMA_FLAG_INDEX_##name,
	VMA_FLAGS(VMA_FLAG)
#undef VMA_FLAG
		VMA_FLAG_COUNT,
};

#define VMA_FLAG_BIT(name) ((uint64_t)1 << VMA_FLAG_INDEX_##name)

struct vma {
	uint64_t start;
	uint64_t end;    /* exclusive */
	uint64_t offset; /* of a file mapping, in bytes */
	uint64_t inode;
	unsigned dev_major, dev_minor; /* of the superblock; stat(2) of a btrfs file says another */
	unsigned prot;                 /* PROT_READ | PROT_WRITE | PROT_EXEC */
	bool is_shared;
	/* A file whose name is removed; NAME is then without its " (deleted)". See vma_list_read(). */
	bool is_deleted;
	/* NAME might be misread: it ends in " (deleted)" or holds "\012", and a file may be called just that.
	 */
	bool is_name_ambiguous;
	/* A path, "[heap]", "[stack]", "[vdso]", "[anon:...]" ..., or NULL. Lives as long as the list. */
	char *name;

	/* From smaps only; else 0. Sizes in bytes. */
	uint64_t flags; /* VMA_FLAG_BIT() */
	uint64_t rss, anonymous, swap;
	uint64_t kernel_page_size; /* of hugetlb mappings the huge page's */
	unsigned protection_key;
	bool has_flags;
	bool has_unknown_flag; /* a code that is not in VMA_FLAGS: the first such is in unknown_flag */
	char unknown_flag[3];
};

/* In the order of addresses. */
struct vma_list {
	struct vma *vmas;
	size_t vmas_count;
	size_t vmas_capacity;
	struct vma_name_block *names; /* owns the text of every name */
};

/* The kernel's own limit is vm.max_map_count, 65,530 unless an administrator has raised it. */
#define VMA_COUNT_MAX 4194304

enum vma_detail {
	VMA_DETAIL_MAPS,  /* the line of /proc/PID/maps */
	VMA_DETAIL_SMAPS, /* that and VmFlags, sizes, protection key */
};

/*
 * Parses the text of either file. -EBADMSG if a line is not understood, ranges overlap or are not in order;
 * -E2BIG beyond VMA_COUNT_MAX.
 */
int must_check vma_list_parse(const char *text, size_t size, struct vma_list *ret);

/*
 * Reads the file in pieces, so that memory is needed for the result only. Ambiguous names are settled by the
 * links in /proc/PID/map_files, then is_name_ambiguous is false; a name that exists both with and without its
 * " (deleted)" only for a reader that may follow them (CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN). A process
 * without memory (a kernel thread, a zombie) has an empty list.
 */
int must_check vma_list_read(int proc_fd, enum vma_detail detail, struct vma_list *ret);

void vma_list_done(struct vma_list *list);

/* The mapping that holds ADDRESS, or NULL. */
struct vma *vma_list_find(const struct vma_list *list, uint64_t address);

/* "rd" for VMA_FLAG_INDEX_READ. */
const char *vma_flag_code(enum vma_flag_index index);
