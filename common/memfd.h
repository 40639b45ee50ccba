/* SPDX-License-Identifier: MIT */
/* The kernel's own file systems, mounted nowhere, on which memfds and shared anonymous memory lie: a tmpfs,
 * and a hugetlbfs for each size of huge pages. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The flags MAP_HUGETLB, MFD_HUGETLB and SHM_HUGETLB have the logarithm of the size of a page in these bits.
 */
#define HUGE_PAGE_SHIFT_AT 26
#define HUGE_PAGE_SHIFT_MASK UINT64_C(0x3f)

/* Whether DEVICE, a st_dev, is that of the kernel's own tmpfs; false as well if it cannot be found out. */
bool memfd_is_device(dev_t device);

/* The same of its hugetlbfs with pages of PAGE_SIZE bytes. */
bool memfd_is_huge_device(dev_t device, uint64_t page_size);

/* The size of the huge pages that the file of FD, which may be O_PATH, is made of; 0: it is no file on a
 * hugetlbfs. */
uint64_t memfd_huge_page_size(int fd);

/* PAGE_SIZE, a power of two, as bits of flags. */
uint64_t memfd_huge_page_flags(uint64_t page_size);

/* A size that huge pages may have in an archive: a power of two between 64 KiB and 16 GiB. */
bool memfd_is_huge_page_size(uint64_t size);
