/* SPDX-License-Identifier: MIT */
/* The mappings of a process. */
#include "dumper/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/log.h"
#include "common/memfd.h"
#include "common/proc/auxv.h"
#include "common/tracee/puppet.h"
#include "dumper/ghosts.h"
#include "dumper/hidden_file.h"
#include "dumper/sysv.h"
#include "format/ghost.h"

#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 0x08
#endif

/* Address space that a restore can use: vm.mmap_min_addr and the like are below. */
#define LOWEST_ADDRESS UINT64_C(0x200000)
#define USER_SPACE_END UINT64_C(0x7ffffffff000)

/* Where the kernel's fixed page for old programs is; it is the same everywhere and no mapping of the process.
 */
#define VSYSCALL_ADDRESS UINT64_C(0xffffffffff600000)

#define ZERO_DEVICE_PATH "/dev/zero"

struct advice_flag {
	uint64_t flag;
	uint32_t advice;
};

static const struct advice_flag advice_flags[] = {
	{VMA_FLAG_BIT(DONT_FORK), MADV_DONTFORK},      {VMA_FLAG_BIT(WIPE_ON_FORK), MADV_WIPEONFORK},
	{VMA_FLAG_BIT(DONT_DUMP), MADV_DONTDUMP},      {VMA_FLAG_BIT(HUGE_PAGE), MADV_HUGEPAGE},
	{VMA_FLAG_BIT(NO_HUGE_PAGE), MADV_NOHUGEPAGE}, {VMA_FLAG_BIT(MERGEABLE), MADV_MERGEABLE},
	{VMA_FLAG_BIT(SEQUENTIAL), MADV_SEQUENTIAL},   {VMA_FLAG_BIT(RANDOM), MADV_RANDOM},
};

struct unsupported_flag {
	uint64_t flag;
	const char *why;
};

static const struct unsupported_flag unsupported_flags[] = {
	{VMA_FLAG_BIT(PFN_MAP) | VMA_FLAG_BIT(IO) | VMA_FLAG_BIT(MIXED_MAP), "is memory of a device"},
	{VMA_FLAG_BIT(NON_LINEAR), "was rearranged with remap_file_pages"},
	{VMA_FLAG_BIT(UFFD_MISSING) | VMA_FLAG_BIT(UFFD_WRITE_PROTECT) | VMA_FLAG_BIT(UFFD_MINOR),
	 "is watched by a userfaultfd"},
	{VMA_FLAG_BIT(SHADOW_STACK), "is a shadow stack"},
	{VMA_FLAG_BIT(SYNC), "is mapped with MAP_SYNC"},
	{VMA_FLAG_BIT(ARCH_1), "has memory types of its own"},
};

/* The pages of such rings are put into the mapping one by one. */
static bool is_ring(const struct vma *vma)
{
	return vma->name && (strncmp(vma->name, "socket:[", strlen("socket:[")) == 0 ||
			     strcmp(vma->name, "anon_inode:[io_uring]") == 0);
}

static void check_flags(struct dump *dump, const struct vma *vma)
{
	uint64_t flags = vma->flags & ~(is_ring(vma) ? VMA_FLAG_BIT(MIXED_MAP) : 0);

	for (size_t i = 0; i < ARRAY_SIZE(unsupported_flags); i++)
		if (flags & unsupported_flags[i].flag)
			blockers_add(&dump->blockers, "%s, which cannot be dumped yet",
				     unsupported_flags[i].why);
	if (vma->flags & VMA_FLAG_BIT(MAYBE_GUARD) && !dump->features.has_pagemap_guard)
		blockers_add(&dump->blockers, "has guard regions (MADV_GUARD_INSTALL) in it, and this kernel "
					      "does not tell where (Linux 6.15)");
	if (vma->has_unknown_flag)
		blockers_add(&dump->blockers, "has a property that this version does not know (VmFlags %s)",
			     vma->unknown_flag);
	if (vma->protection_key != 0)
		blockers_add(&dump->blockers, "has protection key %u, which cannot be dumped yet",
			     vma->protection_key);
	if (vma->kernel_page_size != 0 && vma->kernel_page_size != PAGE_SIZE_BYTES &&
	    !(vma->flags & VMA_FLAG_BIT(HUGETLB)))
		blockers_add(&dump->blockers, "has pages of %lu bytes", (unsigned long)vma->kernel_page_size);
}

static int collect_advice(struct dump *dump, const struct vma *vma, Cr__Mapping *mapping)
{
	if (vma->flags & VMA_FLAG_BIT(DROPPABLE))
		return 0; /* implies its own */
	mapping->advice = arena_array(&dump->arena, uint32_t, ARRAY_SIZE(advice_flags));
	if (!mapping->advice)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(advice_flags); i++)
		if (vma->flags & advice_flags[i].flag)
			mapping->advice[mapping->n_advice++] = advice_flags[i].advice;
	return 0;
}

/* Of what is anonymous: of a file, its file system knows. */
static uint64_t huge_page_flags(const struct vma *vma, const Cr__Mapping *mapping)
{
	if (!(vma->flags & VMA_FLAG_BIT(HUGETLB)) || mapping->kind != CR__MAPPING_KIND__MAPPING_ANONYMOUS)
		return 0;
	return MAP_HUGETLB | memfd_huge_page_flags(vma->kernel_page_size);
}

static uint64_t map_flags(const struct vma *vma, const Cr__Mapping *mapping)
{
	uint64_t flags = huge_page_flags(vma, mapping);

	if (vma->flags & VMA_FLAG_BIT(GROWS_DOWN))
		flags |= MAP_GROWSDOWN;
	if (vma->flags & VMA_FLAG_BIT(DROPPABLE))
		return flags | MAP_DROPPABLE;
	if (vma->flags & VMA_FLAG_BIT(NO_RESERVE))
		flags |= MAP_NORESERVE;
	return flags;
}

static bool may_write(const struct vma *vma)
{
	return vma->is_shared && vma->flags & VMA_FLAG_BIT(MAY_WRITE);
}

/* Index of the file in memory->files; the vmas of one file stand together mostly, so look from the end. */
static int find_file(const Cr__Memory *memory, const struct vma *vma)
{
	for (size_t i = memory->n_files; i > 0; i--)
		if (memory->files[i - 1]->inode == vma->inode &&
		    memory->files[i - 1]->is_writable == may_write(vma) &&
		    strcmp(memory->files[i - 1]->path, vma->name) == 0)
			return (int)i - 1;
	return -1;
}

static const char *map_files_link(const struct vma *vma, char buffer[64])
{
	snprintf(buffer, 64, "map_files/%lx-%lx", (unsigned long)vma->start, (unsigned long)vma->end);
	return buffer;
}

/* shmat(2); the inode is the id of the segment. */
static bool is_sysv(const struct vma *vma)
{
	return vma->is_shared && vma->dev_major == 0 && strncmp(vma->name, "/SYSV", 5) == 0;
}

/* HIDDEN_AS: see struct ghost_use. *ret_id is 0 after adding a blocker. */
static int add_ghost(struct dump *dump, struct process *process, const struct vma *vma,
		     const struct stat *mapped, const char *hidden_as, uint32_t *ret_id)
{
	char link[64], where[64];
	Cr__SysvSegment *segment = NULL;
	cleanup_close int fd = openat(process->proc_fd, map_files_link(vma, link), O_PATH | O_CLOEXEC);

	snprintf(where, sizeof(where), "%#lx-%#lx", (unsigned long)vma->start, (unsigned long)vma->end);
	*ret_id = 0;
	if (fd < 0 && errno == EPERM) {
		if (hidden_as)
			blockers_add(&dump->blockers, "%s; only CAP_CHECKPOINT_RESTORE can find it otherwise",
				     hidden_as);
		else
			blockers_add(
				&dump->blockers,
				"maps '%s', which has been deleted: only CAP_CHECKPOINT_RESTORE can save it",
				vma->name);
		return 0;
	}
	if (fd < 0)
		return log_error_errno(-errno, "cannot open the file mapped at %#lx",
				       (unsigned long)vma->start);
	if (is_sysv(vma)) {
		int r = sysv_describe(dump, (int)vma->inode, &segment);

		if (r < 0 || !segment)
			return r;
	}
	return ghosts_add(dump, process,
			  &(struct ghost_use){
				  .fd = fd,
				  .path = vma->name,
				  .hidden_as = hidden_as,
				  .stat = *mapped,
				  .where = where,
				  .sysv = segment,
				  .may_write = may_write(vma),
				  .is_private = !vma->is_shared,
			  },
			  ret_id);
}

/* What is mapped; whether it is a private mapping of /dev/zero, which is anonymous memory under another name.
 */
static int look_at_file(struct process *process, const struct vma *vma, struct stat *ret_mapped,
			bool *ret_is_zero_device)
{
	struct stat mapped = {0};
	char link[64];

	/* Only CAP_CHECKPOINT_RESTORE may follow these links; others have what the list of mappings says. */
	if (fstatat(process->proc_fd, map_files_link(vma, link), &mapped, 0) < 0 && errno == EPERM)
		mapped = (struct stat){
			.st_mode = S_IFREG,
			.st_nlink = 1,
			.st_dev = makedev(vma->dev_major, vma->dev_minor),
			.st_ino = vma->inode,
		};
	else if (mapped.st_mode == 0)
		return log_error_errno(-errno, "cannot look at the file mapped at %#lx",
				       (unsigned long)vma->start);
	*ret_mapped = mapped;
	*ret_is_zero_device = S_ISCHR(mapped.st_mode) && mapped.st_rdev == makedev(1, 5) && !vma->is_shared;
	return 0;
}

/*
 * The path must lead to the mapped file, also for whoever comes later; or it is a ghost. *ret_path is changed
 * if another path is as good. 1 after a blocker.
 */
static int check_file(struct dump *dump, struct process *process, const struct vma *vma, struct stat *ret_st,
		      uint32_t *ret_ghost_id, char **ret_path)
{
	static char zero_device_path[] = ZERO_DEVICE_PATH;
	bool is_zero_device = false, is_found;
	const char *hidden_as = NULL;
	struct stat mapped;
	int r = look_at_file(process, vma, &mapped, &is_zero_device);

	*ret_ghost_id = 0;
	if (r < 0)
		return r;
	if (!is_zero_device && !S_ISREG(mapped.st_mode)) {
		blockers_add(&dump->blockers, "maps '%s', which is not a regular file", vma->name);
		return 1;
	}
	if (vma->is_name_ambiguous) {
		blockers_add(&dump->blockers, "maps a file whose name '%s' cannot be told for sure",
			     vma->name);
		return 1;
	}
	is_found = stat(vma->name, ret_st) == 0 && ret_st->st_dev == mapped.st_dev &&
		   ret_st->st_ino == mapped.st_ino;
	if (is_found)
		return 0;
	/* One zero device is as good as another. */
	if (is_zero_device && stat(ZERO_DEVICE_PATH, ret_st) == 0 && S_ISCHR(ret_st->st_mode) &&
	    ret_st->st_rdev == mapped.st_rdev) {
		*ret_path = zero_device_path;
		return 0;
	}
	if (is_zero_device) {
		blockers_add(&dump->blockers, "maps '%s', which is not found there", vma->name);
		return 1;
	}
	if (!vma->is_deleted && mapped.st_nlink != 0) {
		hidden_as = arena_format(&dump->arena,
					 "maps '%s', but another file (or none) is found under that name: it "
					 "was replaced, or lies under another mount",
					 vma->name);
		if (!hidden_as)
			return log_error_errno(-ENOMEM, "cannot note the mapping");
	}
	r = add_ghost(dump, process, vma, &mapped, hidden_as, ret_ghost_id);
	return r < 0 || *ret_ghost_id != 0 ? r : 1;
}

static int add_file(struct dump *dump, struct process *process, const struct vma *vma, const char *use)
{
	Cr__Memory *memory = process->memory;
	Cr__MappedFile *file;
	uint32_t ghost_id;
	char *path = vma->name;
	struct stat st;
	int r = check_file(dump, process, vma, &st, &ghost_id, &path);

	if (r != 0)
		return MIN(r, 0);
	if (ghost_id == 0)
		r = dump_require_file(dump, process, path, &st, S_ISREG(st.st_mode), use);
	if (r < 0)
		return log_error_errno(r, "cannot note '%s'", vma->name);
	file = arena_new(&dump->arena, Cr__MappedFile);
	if (!file)
		return log_error_errno(-ENOMEM, "cannot note '%s'", vma->name);
	cr__mapped_file__init(file);
	file->path = path; /* lives as long as process->vmas */
	file->inode = vma->inode;
	file->is_writable = may_write(vma);
	file->ghost_id = ghost_id;
	file->is_sysv = ghost_id != 0 && is_sysv(vma);
	file->sysv_id = file->is_sysv ? (int32_t)vma->inode : 0;
	memory->files[memory->n_files++] = file;
	return 0;
}

static int collect_file_mapping(struct dump *dump, struct process *process, const struct vma *vma,
				Cr__Mapping *mapping)
{
	int index = find_file(process->memory, vma);

	if (index < 0) {
		size_t before = process->memory->n_files;
		int r = add_file(dump, process, vma, "mapped");

		if (r < 0)
			return r;
		if (process->memory->n_files == before)
			return 0;
		index = (int)before;
	}
	mapping->kind = vma->is_shared ? CR__MAPPING_KIND__MAPPING_FILE_SHARED
				       : CR__MAPPING_KIND__MAPPING_FILE_PRIVATE;
	mapping->file = (uint32_t)index;
	mapping->offset = vma->offset;
	mapping->may_not_write = vma->is_shared && !may_write(vma);
	return 0;
}

static bool has_prefix(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static int collect_special_mapping(struct dump *dump, const struct vma *vma, Cr__Mapping *mapping)
{
	const char *name = vma->name;

	if (strcmp(name, "[vdso]") == 0)
		mapping->kind = CR__MAPPING_KIND__MAPPING_VDSO;
	else if (strcmp(name, "[vvar]") == 0)
		mapping->kind = CR__MAPPING_KIND__MAPPING_VVAR;
	else if (strcmp(name, "[vvar_vclock]") == 0)
		mapping->kind = CR__MAPPING_KIND__MAPPING_VVAR_VCLOCK;
	else if (strcmp(name, "[heap]") == 0 || strcmp(name, "[stack]") == 0)
		mapping->kind = CR__MAPPING_KIND__MAPPING_ANONYMOUS;
	else if (has_prefix(name, "[anon:") && strlen(name) > 7)
		mapping->name = arena_format(&dump->arena, "%.*s", (int)strlen(name) - 7, name + 6);
	else
		blockers_add(&dump->blockers, "is a mapping of a kind that cannot be dumped yet (%s)", name);
	return mapping->name ? 0 : -ENOMEM;
}

#define SHARED_MEMORY_NAME "[anon_shmem:"

/* mmap(2) with MAP_ANONYMOUS and MAP_HUGETLB, private or shared. */
static bool is_huge_memory(const struct vma *vma)
{
	return vma->flags & VMA_FLAG_BIT(HUGETLB) && vma->name &&
	       strcmp(vma->name, GHOST_SHARED_MEMORY_HUGE_PATH) == 0 &&
	       memfd_is_huge_device(makedev(vma->dev_major, vma->dev_minor), vma->kernel_page_size);
}

/* mmap(2) with MAP_SHARED and MAP_ANONYMOUS; it may have got a name (PR_SET_VMA_ANON_NAME). */
static bool is_shared_memory(const struct vma *vma)
{
	if (!vma->is_shared || vma->dev_major != 0 || !vma->name)
		return false;
	if (vma->flags & VMA_FLAG_BIT(HUGETLB))
		return is_huge_memory(vma);
	return strcmp(vma->name, GHOST_SHARED_MEMORY_PATH) == 0 || has_prefix(vma->name, SHARED_MEMORY_NAME);
}

/* A ghost of its own for each piece, whoever has mapped it. */
static int collect_shared_memory(struct dump *dump, struct process *process, const struct vma *vma,
				 Cr__Mapping *mapping)
{
	static char path[] = GHOST_SHARED_MEMORY_PATH, huge_path[] = GHOST_SHARED_MEMORY_HUGE_PATH;
	const int prefix = sizeof(SHARED_MEMORY_NAME) - 1;
	struct vma file = *vma;

	if (has_prefix(vma->name, SHARED_MEMORY_NAME))
		mapping->name = arena_format(&dump->arena, "%.*s", (int)strlen(vma->name) - prefix - 1,
					     vma->name + prefix);
	if (!mapping->name)
		return -ENOMEM;
	file.name = vma->flags & VMA_FLAG_BIT(HUGETLB) ? huge_path : path;
	file.is_deleted = true;
	file.is_name_ambiguous = false;
	return collect_file_mapping(dump, process, &file, mapping);
}

/* A path that is too long for a system call stands under another, which says so. */
static int collect_long_mapping(struct dump *dump, struct process *process, const struct vma *vma,
				Cr__Mapping *mapping)
{
	const struct stat st = {.st_ino = vma->inode};
	struct vma file = *vma;

	file.name = hidden_file_long_path(dump, &st);
	if (!file.name)
		return -ENOMEM;
	/* Nor can the kernel's link to it be read, which would tell. */
	file.is_name_ambiguous = false;
	return collect_file_mapping(dump, process, &file, mapping);
}

static int collect_kind(struct dump *dump, struct process *process, const struct vma *vma,
			Cr__Mapping *mapping)
{
	const char *name = vma->name;

	if (is_shared_memory(vma))
		return collect_shared_memory(dump, process, vma, mapping);
	if (!name)
		return 0;
	if (is_huge_memory(vma)) {
		mapping->offset = vma->offset;
		return 0;
	}
	if (is_ring(vma)) {
		mapping->kind = CR__MAPPING_KIND__MAPPING_RING;
		mapping->is_shared = vma->is_shared;
		return 0;
	}
	if (has_prefix(name, "anon_inode:")) {
		blockers_add(&dump->blockers, "maps %s, which cannot be dumped yet", name);
		return 0;
	}
	if (has_prefix(name, "/[aio]")) {
		mapping->kind = CR__MAPPING_KIND__MAPPING_AIO;
		return 0;
	}
	if (name[0] == '/' && strlen(name) >= PATH_MAX)
		return collect_long_mapping(dump, process, vma, mapping);
	if (name[0] == '/')
		return collect_file_mapping(dump, process, vma, mapping);
	return collect_special_mapping(dump, vma, mapping);
}

static int collect_mapping(struct dump *dump, struct process *process, const struct vma *vma)
{
	Cr__Mapping *mapping = arena_new(&dump->arena, Cr__Mapping);
	bool is_special = vma->name && (strcmp(vma->name, "[vdso]") == 0 || has_prefix(vma->name, "[vvar"));
	int r;

	LOG_SCOPE("%#lx-%#lx", (unsigned long)vma->start, (unsigned long)vma->end);
	if (!mapping)
		return log_error_errno(-ENOMEM, "cannot note the mapping");
	cr__mapping__init(mapping);
	process->memory->mappings[process->memory->n_mappings++] = mapping;
	mapping->start = vma->start;
	mapping->end = vma->end;
	mapping->prot = vma->prot;
	r = collect_kind(dump, process, vma, mapping);
	if (r < 0)
		return r == -ENOMEM ? log_error_errno(r, "cannot note the mapping") : r;
	if (is_special)
		return 0;
	check_flags(dump, vma);
	mapping->flags = map_flags(vma, mapping);
	mapping->is_locked = (vma->flags & VMA_FLAG_BIT(LOCKED)) != 0;
	mapping->is_locked_on_fault = (vma->flags & VMA_FLAG_BIT(LOCK_ON_FAULT)) != 0;
	mapping->is_accounted = (vma->flags & VMA_FLAG_BIT(ACCOUNT)) != 0;
	mapping->is_sealed = (vma->flags & VMA_FLAG_BIT(SEALED)) != 0;
	return collect_advice(dump, vma, mapping);
}

/* Of a program file that its path does not lead to. *ret_id is 0 after adding a blocker. */
static int add_exe_ghost(struct dump *dump, struct process *process, Cr__MappedFile *exe,
			 const struct stat *target)
{
	const char *path = ghost_path(dump, exe->path);
	struct ghost_use use = {.path = path, .stat = *target, .where = "executable", .is_private = true};
	cleanup_close int fd = -EBADF;
	int r;

	if (!path) {
		use.path = path = exe->path;
		use.hidden_as = arena_format(
			&dump->arena,
			"its executable '%s' is not what that path leads to here: it is mounted over, or in "
			"another mount namespace",
			exe->path);
		if (!use.hidden_as)
			return log_error_errno(-ENOMEM, "cannot note its executable");
	}
	use.fd = fd = openat(process->proc_fd, "exe", O_PATH | O_CLOEXEC);
	if (fd < 0)
		return log_error_errno(-errno, "cannot open its executable");
	r = ghosts_add(dump, process, &use, &exe->ghost_id);
	exe->path = (char *)path;
	return r;
}

static bool leads_to(const char *path, const struct stat *target)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_dev == target->st_dev && st.st_ino == target->st_ino;
}

static int collect_exe(struct dump *dump, struct process *process)
{
	cleanup_free char *path = NULL;
	Cr__MappedFile *exe = arena_new(&dump->arena, Cr__MappedFile);
	struct stat target;
	int r = file_readlink_at(process->proc_fd, "exe", &path);

	if (r < 0)
		return log_error_errno(r, "cannot read the link to its executable");
	if (!exe)
		return log_error_errno(-ENOMEM, "cannot note its executable");
	cr__mapped_file__init(exe);
	exe->path = arena_string(&dump->arena, path);
	if (!exe->path)
		return log_error_errno(-ENOMEM, "cannot note its executable");
	process->memory->exe = exe;
	process->summary->exe = exe->path;
	if (fstatat(process->proc_fd, "exe", &target, 0) < 0)
		return log_error_errno(-errno, "cannot look at its executable");
	if (!leads_to(path, &target))
		return add_exe_ghost(dump, process, exe, &target);
	r = dump_require_file(dump, process, exe->path, &target, true, "executable");
	return r < 0 ? log_error_errno(r, "cannot note its executable") : 0;
}

static int collect_layout(struct dump *dump, struct process *process)
{
	const struct stat_info *stat = &process->stat;
	Cr__Memory *memory = process->memory;
	struct auxv auxv;
	int r = auxv_read(process->proc_fd, &auxv);

	if (r < 0)
		return log_error_errno(r, "cannot read its auxiliary vector");
	memory->auxv = arena_bytes(&dump->arena, auxv.entries, auxv.entries_count * sizeof(auxv.entries[0]));
	memory->start_code = stat->start_code;
	memory->end_code = stat->end_code;
	memory->start_data = stat->start_data;
	memory->end_data = stat->end_data;
	memory->start_brk = stat->start_brk;
	memory->start_stack = stat->start_stack;
	memory->arg_start = stat->arg_start;
	memory->arg_end = stat->arg_end;
	memory->env_start = stat->env_start;
	memory->env_end = stat->env_end;
	return 0;
}

/* A restore needs some free address space to work in; whether there is enough is known now. */
static void check_room(struct dump *dump, const struct vma_list *vmas)
{
	uint64_t at = LOWEST_ADDRESS;

	for (size_t i = 0; i < vmas->vmas_count && vmas->vmas[i].start < USER_SPACE_END; i++) {
		if (vmas->vmas[i].start > at && vmas->vmas[i].start - at >= PUPPET_HOME_SIZE * 4)
			return;
		at = MAX(at, vmas->vmas[i].end);
	}
	if (USER_SPACE_END > at && USER_SPACE_END - at >= PUPPET_HOME_SIZE * 4)
		return;
	blockers_add(&dump->blockers,
		     "its address space is full: a restore needs %lu KiB in one piece to work in",
		     PUPPET_HOME_SIZE * 4 / 1024);
}

int memory_collect(struct dump *dump, struct process *process)
{
	size_t count = process->vmas.vmas_count;
	Cr__Memory *memory = arena_new(&dump->arena, Cr__Memory);

	if (!memory)
		return log_error_errno(-ENOMEM, "cannot note its memory");
	cr__memory__init(memory);
	process->memory = memory;
	memory->mappings = arena_array(&dump->arena, Cr__Mapping *, count);
	memory->files = arena_array(&dump->arena, Cr__MappedFile *, count);
	if (!memory->mappings || !memory->files)
		return log_error_errno(-ENOMEM, "cannot note its memory");
	for (size_t i = 0; i < count; i++) {
		const struct vma *vma = &process->vmas.vmas[i];
		int r;

		if (vma->start == VSYSCALL_ADDRESS)
			continue;
		process->summary->mapped_bytes += vma->end - vma->start;
		r = collect_mapping(dump, process, vma);
		if (r < 0)
			return r;
	}
	check_room(dump, &process->vmas);
	if (collect_layout(dump, process) < 0)
		return -EIO;
	return collect_exe(dump, process);
}
