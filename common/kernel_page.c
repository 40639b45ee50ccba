/* SPDX-License-Identifier: MIT */
/* Finds contents of pages in the kernel's memory. */
#include "common/kernel_page.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/uio.h>
#include <unistd.h>

/* The mapping of all memory begins at a multiple of this, and is not larger than that many. */
#define MAPPED_ALIGNMENT (UINT64_C(1) << 30)
#define MAPPED_COUNT_MAX 65536

#define PAGEMAP_PRESENT (UINT64_C(1) << 63)
#define PAGEMAP_FRAME ((UINT64_C(1) << 55) - 1)

/* Of a struct page; all kernels have 64 bytes or little more. */
#define STRIDE_MIN 32
#define STRIDE_MAX 256

#define MARK_SIZE 64

/* A page of ours, with a mark that no other page has. */
struct own_page {
	unsigned char mark[MARK_SIZE];
	uint64_t frame, page, file; /* its number; the struct page; the struct file of the pipe */
};

static int read_frame(const void *page, uint64_t *ret_frame)
{
	cleanup_close int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry = 0;

	if (fd < 0)
		return -errno;
	if (pread(fd, &entry, sizeof(entry), (off_t)((uintptr_t)page / PAGE_SIZE_BYTES * sizeof(entry))) !=
	    (ssize_t)sizeof(entry))
		return -EIO;
	if (!(entry & PAGEMAP_PRESENT) || (entry & PAGEMAP_FRAME) == 0)
		return -EPERM;
	*ret_frame = entry & PAGEMAP_FRAME;
	return 0;
}

/* The first buffer of the pipe behind FD. */
static int read_pipe(struct kernel_memory *memory, struct kernel_types *types, int fd, struct own_page *own)
{
	static const char *const names[] = {"file.private_data", "pipe_inode_info.bufs", "pipe_buffer.page"};
	struct kernel_descriptors descriptors;
	struct kernel_address at;
	int r = kernel_descriptors_find(types, &descriptors);

	if (r == 0)
		r = kernel_memory_own_file(memory, &descriptors, fd, &at);
	own->file = r == 0 ? at.value : 0;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(names); i++) {
		struct kernel_member member;

		r = kernel_types_find(types, names[i], &member);
		if (r == 0)
			r = kernel_memory_read_member(memory, at, &member, &at.value);
	}
	own->page = r == 0 ? at.value : 0;
	return r;
}

/* The pipe holds the page, so that it stays the same. */
static int look_at(struct kernel_memory *memory, struct kernel_types *types, void *page, int pipe[2],
		   struct own_page *own)
{
	struct iovec piece = {.iov_base = page, .iov_len = PAGE_SIZE_BYTES};
	int r;

	if (getrandom(own->mark, sizeof(own->mark), 0) != (ssize_t)sizeof(own->mark))
		return -EIO;
	memcpy(page, own->mark, sizeof(own->mark));
	if (vmsplice(pipe[1], &piece, 1, 0) != (ssize_t)PAGE_SIZE_BYTES)
		return -errno;
	r = read_frame(page, &own->frame);
	return r < 0 ? r : read_pipe(memory, types, pipe[0], own);
}

static bool is_at(struct kernel_memory *memory, uint64_t mapped_first, const struct own_page *own)
{
	const struct kernel_address address = {mapped_first + own->frame * PAGE_SIZE_BYTES};
	unsigned char found[MARK_SIZE];

	return kernel_memory_read(memory, address, found, sizeof(found)) == 0 &&
	       memcmp(found, own->mark, sizeof(found)) == 0;
}

/* What the kernel allocates, as a struct file, is in the mapping of all memory. */
static int find_mapping(struct kernel_memory *memory, const struct own_page own[2], uint64_t *ret_first)
{
	uint64_t first = own[0].file & ~(MAPPED_ALIGNMENT - 1);

	for (size_t i = 0; i < MAPPED_COUNT_MAX; i++, first -= MAPPED_ALIGNMENT)
		if (is_at(memory, first, &own[0])) {
			*ret_first = first;
			return is_at(memory, first, &own[1]) ? 0 : -ENOTSUP;
		}
	return -ENOTSUP;
}

static int find_pages(const struct own_page own[2], struct kernel_pages *pages)
{
	int64_t bytes = (int64_t)(own[1].page - own[0].page), frames = (int64_t)(own[1].frame - own[0].frame);

	if (frames == 0 || bytes % frames != 0 || bytes / frames < STRIDE_MIN || bytes / frames > STRIDE_MAX)
		return -ENOTSUP;
	pages->page_stride = (uint64_t)(bytes / frames);
	pages->page_first = own[0].page - own[0].frame * pages->page_stride;
	return 0;
}

int kernel_pages_find(struct kernel_memory *memory, struct kernel_types *types,
		      struct kernel_pages *ret_pages)
{
	cleanup_close int first_read = -EBADF, first_write = -EBADF, second_read = -EBADF,
			  second_write = -EBADF;
	struct own_page own[2] = {0};
	struct kernel_pages pages;
	int pipes[2][2], r;
	unsigned char *memory_of_ours;

	if (pipe2(pipes[0], O_CLOEXEC) < 0)
		return -errno;
	first_read = pipes[0][0];
	first_write = pipes[0][1];
	if (pipe2(pipes[1], O_CLOEXEC) < 0)
		return -errno;
	second_read = pipes[1][0];
	second_write = pipes[1][1];
	memory_of_ours =
		mmap(NULL, 2 * PAGE_SIZE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory_of_ours == MAP_FAILED)
		return -errno;
	r = look_at(memory, types, memory_of_ours, pipes[0], &own[0]);
	if (r == 0)
		r = look_at(memory, types, memory_of_ours + PAGE_SIZE_BYTES, pipes[1], &own[1]);
	if (r == 0)
		r = find_pages(own, &pages);
	if (r == 0)
		r = find_mapping(memory, own, &pages.mapped_first);
	munmap(memory_of_ours, 2 * PAGE_SIZE_BYTES);
	if (r == 0)
		*ret_pages = pages;
	return r;
}

int kernel_page_contents(const struct kernel_pages *pages, struct kernel_address page,
			 struct kernel_address *ret_contents)
{
	uint64_t offset = page.value - pages->page_first;

	if (page.value < pages->page_first || offset % pages->page_stride != 0)
		return -ENOTSUP;
	ret_contents->value = pages->mapped_first + offset / pages->page_stride * PAGE_SIZE_BYTES;
	return 0;
}
