/* SPDX-License-Identifier: MIT */
/* TLS descriptors and I/O port permissions of a stopped x86-64 thread. */
#include "common/arch/x86_64/segments.h"

#include <asm/ldt.h>
#include <errno.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

/* GDT_ENTRY_TLS_MIN of a 64-bit kernel. */
#define FIRST_THREAD_AREA 12
#define THREAD_AREAS 3
/* NT_386_IOPERM; its note is the bitmap, as long as the kernel keeps it. */
#define NOTE_IO_PORTS 0x201

/* How the kernel shows an empty descriptor, as LDT_empty() of its headers. */
static int is_empty(const struct user_desc *area)
{
	return area->base_addr == 0 && area->limit == 0 && area->contents == 0 && area->seg_32bit == 0 &&
	       area->limit_in_pages == 0 && area->useable == 0;
}

int segments_has_thread_area(pid_t tid)
{
	for (unsigned long i = 0; i < THREAD_AREAS; i++) {
		struct user_desc area = {0};

		if (ptrace((enum __ptrace_request)PTRACE_GET_THREAD_AREA, tid, FIRST_THREAD_AREA + i, &area) <
		    0)
			return errno == EIO ? 0 : -errno; /* EIO: a kernel without 32-bit programs */
		if (!is_empty(&area))
			return 1;
	}
	return 0;
}

int segments_has_io_ports(pid_t tid)
{
	unsigned char bitmap[8192];
	struct iovec vector = {bitmap, sizeof(bitmap)};

	if (ptrace(PTRACE_GETREGSET, tid, NOTE_IO_PORTS, &vector) < 0)
		return errno == ENXIO || errno == ENODEV || errno == EINVAL || errno == EIO ? 0 : -errno;
	return vector.iov_len > 0;
}
