/* SPDX-License-Identifier: MIT */
/* The kernel's own file systems, mounted nowhere, on which memfds and shared anonymous memory lie. */
#include "common/memfd.h"

#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "common/cleanup.h"

#ifndef MFD_HUGETLB
#define MFD_HUGETLB 4U
#endif

#define HUGE_PAGE_SIZE_LEAST (UINT64_C(1) << 16)
#define HUGE_PAGE_SIZE_MOST (UINT64_C(1) << 34)

static bool is_device_of(dev_t device, unsigned flags)
{
	cleanup_close int fd = memfd_create("", MFD_CLOEXEC | flags);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == device;
}

bool memfd_is_device(dev_t device)
{
	return is_device_of(device, 0);
}

bool memfd_is_huge_device(dev_t device, uint64_t page_size)
{
	return memfd_is_huge_page_size(page_size) &&
	       is_device_of(device, MFD_HUGETLB | (unsigned)memfd_huge_page_flags(page_size));
}

uint64_t memfd_huge_page_size(int fd)
{
	struct statfs filesystem;

	if (fstatfs(fd, &filesystem) < 0 || (uint32_t)filesystem.f_type != HUGETLBFS_MAGIC)
		return 0;
	return (uint64_t)filesystem.f_bsize;
}

uint64_t memfd_huge_page_flags(uint64_t page_size)
{
	return (uint64_t)__builtin_ctzll(page_size) << HUGE_PAGE_SHIFT_AT;
}

bool memfd_is_huge_page_size(uint64_t size)
{
	return size >= HUGE_PAGE_SIZE_LEAST && size <= HUGE_PAGE_SIZE_MOST && (size & (size - 1)) == 0;
}
