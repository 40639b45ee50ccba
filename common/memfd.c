/* SPDX-License-Identifier: MIT */
/* The kernel's own tmpfs, mounted nowhere, on which memfds and shared anonymous memory lie. */
#include "common/memfd.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include "common/cleanup.h"

bool memfd_is_device(dev_t device)
{
	cleanup_close int fd = memfd_create("", MFD_CLOEXEC);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == device;
}
