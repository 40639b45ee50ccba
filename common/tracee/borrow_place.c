/* SPDX-License-Identifier: MIT */
/* Where the executor can stand in the memory of a task that must not notice. */
#include "common/tracee/borrow_place.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/proc/limits.h"

#define PLACE_ALIGNMENT UINT64_C(16)
#define SEGMENTS_MAX 64

/*
 * The end of that loaded part of an ELF file, whose start is mapped at BASE, which ends in the file behind
 * FROM and not behind TO. -ENOSPC: there is none.
 */
static int find_segment_end(int mem_fd, uint64_t base, uint64_t from, uint64_t to, uint64_t *ret_end)
{
	Elf64_Ehdr header;
	int r = file_pread_full(mem_fd, &header, sizeof(header), (off_t)base);

	if (r < 0)
		return -ENOSPC;
	if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
	    header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum > SEGMENTS_MAX ||
	    header.e_phoff > PAGE_SIZE_BYTES)
		return -ENOSPC;
	for (unsigned i = 0; i < header.e_phnum; i++) {
		Elf64_Phdr segment;
		uint64_t end;

		r = file_pread_full(mem_fd, &segment, sizeof(segment),
				    (off_t)(base + header.e_phoff + i * sizeof(segment)));
		if (r < 0)
			return -ENOSPC;
		if (segment.p_type != PT_LOAD || !(segment.p_flags & PF_X))
			continue;
		end = segment.p_offset + MAX(segment.p_filesz, segment.p_memsz);
		if (end > from && end <= to) {
			*ret_end = end;
			return 0;
		}
	}
	return -ENOSPC;
}

static bool is_vdso(const struct vma *vma)
{
	return vma->name && strcmp(vma->name, "[vdso]") == 0 && (vma->prot & PROT_EXEC);
}

/* Where the start of the file is mapped of which VMA maps a later part; 0: nowhere. */
static uint64_t find_file_start(const struct vma_list *vmas, const struct vma *vma)
{
	for (const struct vma *other = vma;; other--) {
		if (other->inode != vma->inode || other->dev_major != vma->dev_major ||
		    other->dev_minor != vma->dev_minor)
			return 0;
		if (other->offset == 0)
			return other->start;
		if (other == vmas->vmas)
			return 0;
	}
}

/* The room in the last page of VMA behind END, in the file. -ENOSPC: it is too small. */
static int take_room(struct borrow_place *place, const struct vma *vma, uint64_t end)
{
	uint64_t start = ALIGN_UP(vma->start + (end - vma->offset), PLACE_ALIGNMENT);
	int r;

	start = MAX(start, vma->end - PAGE_SIZE_BYTES);
	if (start + EXECUTOR_BLOB_SIZE(place->limits_count) > vma->end)
		return -ENOSPC;
	place->size = vma->end - start;
	r = file_pread_full(place->mem_fd, place->saved, place->size, (off_t)start);
	if (r < 0)
		return r;
	place->blob = remote_address(start);
	return 0;
}

static bool is_zero(const unsigned char *bytes, size_t size)
{
	return size == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0);
}

static int find_in_vdso(struct borrow_place *place, const struct vma *vma)
{
	uint64_t size = vma->end - vma->start, end;
	int r = find_segment_end(place->mem_fd, vma->start, 0, size, &end);

	return r < 0 ? r : take_room(place, vma, end);
}

static int find_in_padding(struct borrow_place *place, const struct vma_list *vmas, const struct vma *vma)
{
	const size_t signature_size = EXECUTOR_OFFSET(executor_borrow);
	uint64_t file_start, mapped_end = vma->offset + (vma->end - vma->start), end;
	int r;

	if (vma->is_shared || vma->inode == 0 || vma->prot != (PROT_READ | PROT_EXEC))
		return -ENOSPC;
	file_start = find_file_start(vmas, vma);
	if (file_start == 0)
		return -ENOSPC;
	r = find_segment_end(place->mem_fd, file_start, mapped_end - PAGE_SIZE_BYTES, mapped_end, &end);
	if (r == 0)
		r = take_room(place, vma, end);
	if (r < 0)
		return -ENOSPC; /* also what cannot be read: behind the end of a file that was cut */
	if (memcmp(place->saved, executor_blob, signature_size) == 0) {
		memset(place->saved, 0, place->size);
		place->used_size = place->size; /* to be put back, all of it */
	}
	return is_zero(place->saved, place->size) ? 0 : -ENOSPC;
}

static int find(struct borrow_place *place, const struct vma_list *vmas)
{
	int r = -ENOSPC;

	for (size_t i = 0; r == -ENOSPC && i < vmas->vmas_count; i++)
		if (is_vdso(&vmas->vmas[i]))
			r = find_in_vdso(place, &vmas->vmas[i]);
	for (size_t i = 0; r == -ENOSPC && i < vmas->vmas_count; i++)
		r = find_in_padding(place, vmas, &vmas->vmas[i]);
	return r;
}

/* How much of each limit the process has used; rather more than less. */
static void count_use(const struct vma_list *vmas, uint64_t use[RLIM_NLIMITS])
{
	for (size_t i = 0; i < vmas->vmas_count; i++) {
		const struct vma *vma = &vmas->vmas[i];
		uint64_t size = vma->end - vma->start;

		use[RLIMIT_AS] += size;
		if (!vma->is_shared && (vma->prot & PROT_WRITE))
			use[RLIMIT_DATA] += size;
		if (vma->flags & VMA_FLAG_BIT(LOCKED))
			use[RLIMIT_MEMLOCK] += size;
	}
}

static int find_limits(struct borrow_place *place, int proc_fd, const struct vma_list *vmas)
{
	static const int resources[EXECUTOR_LIMITS_MAX] = {RLIMIT_AS, RLIMIT_DATA, RLIMIT_MEMLOCK};
	uint64_t use[RLIM_NLIMITS] = {0};
	struct limits limits;
	int r = limits_read(proc_fd, &limits);

	if (r < 0)
		return r;
	count_use(vmas, use);
	for (size_t i = 0; i < ARRAY_SIZE(resources); i++) {
		struct rlimit64 own = limits.limits[resources[i]];

		if (use[resources[i]] == 0 || own.rlim_cur >= use[resources[i]] + EXECUTOR_REGION_SIZE)
			continue;
		place->limits[place->limits_count++] = (struct executor_limit){
			.resource = (uint64_t)resources[i],
			.raised = {own.rlim_max, own.rlim_max},
			.own = own,
		};
	}
	return 0;
}

int borrow_place_find(struct borrow_place *place, int proc_fd, const struct vma_list *vmas)
{
	cleanup_close int mem_fd = openat(proc_fd, "mem", O_RDWR | O_CLOEXEC);
	int r;

	*place = (struct borrow_place){.mem_fd = -EBADF};
	if (mem_fd < 0)
		return -errno;
	place->mem_fd = mem_fd;
	r = find_limits(place, proc_fd, vmas);
	if (r == 0)
		r = find(place, vmas);
	place->mem_fd = r < 0 ? -EBADF : take_fd(&mem_fd);
	return r;
}

void borrow_place_done(struct borrow_place *place)
{
	if (place->mem_fd < 0)
		return;
	if (place->is_occupied)
		place->used_size = 0;
	/* Failure means that the task is gone, or that harmless bytes stay in unused space. */
	if (file_pwrite_full(place->mem_fd, place->saved, place->used_size, (off_t)place->blob.value) < 0)
		errno = 0;
	close_fd(&place->mem_fd);
}
