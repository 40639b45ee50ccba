/* SPDX-License-Identifier: MIT */
/* What is in flight in an io_uring, as far as it can be told. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "dumper/fd/io_uring.h"

#define LIST_SIZE 160
#define OPCODE_TIMEOUT 11

/* By opcode, as in io_uring_enter(2), without IORING_OP_. */
static const char *const opcodes[] = {
	"NOP",
	"READV",
	"WRITEV",
	"FSYNC",
	"READ_FIXED",
	"WRITE_FIXED",
	"POLL_ADD",
	"POLL_REMOVE",
	"SYNC_FILE_RANGE",
	"SENDMSG",
	"RECVMSG",
	"TIMEOUT",
	"TIMEOUT_REMOVE",
	"ACCEPT",
	"ASYNC_CANCEL",
	"LINK_TIMEOUT",
	"CONNECT",
	"FALLOCATE",
	"OPENAT",
	"CLOSE",
	"FILES_UPDATE",
	"STATX",
	"READ",
	"WRITE",
	"FADVISE",
	"MADVISE",
	"SEND",
	"RECV",
	"OPENAT2",
	"EPOLL_CTL",
	"SPLICE",
	"PROVIDE_BUFFERS",
	"REMOVE_BUFFERS",
	"TEE",
	"SHUTDOWN",
	"RENAMEAT",
	"UNLINKAT",
	"MKDIRAT",
	"SYMLINKAT",
	"LINKAT",
	"MSG_RING",
	"FSETXATTR",
	"SETXATTR",
	"FGETXATTR",
	"GETXATTR",
	"SOCKET",
	"URING_CMD",
	"SEND_ZC",
	"SENDMSG_ZC",
	"READ_MULTISHOT",
	"WAITID",
	"FUTEX_WAIT",
	"FUTEX_WAKE",
	"FUTEX_WAITV",
	"FIXED_FD_INSTALL",
	"FTRUNCATE",
	"BIND",
	"LISTEN",
	"RECV_ZC",
	"EPOLL_WAIT",
	"READV_FIXED",
	"WRITEV_FIXED",
	"PIPE",
};

/* Each once. */
static void add_opcode(char list[LIST_SIZE], uint64_t *seen, unsigned long opcode)
{
	size_t length = strlen(list);

	if (opcode >= ARRAY_SIZE(opcodes) || *seen & UINT64_C(1) << opcode)
		return;
	*seen |= UINT64_C(1) << opcode;
	snprintf(list + length, LIST_SIZE - length, "%sIORING_OP_%s", length > 0 ? ", " : ": ",
		 opcodes[opcode]);
}

/* Lines "op=22, task_works=0", which have no key, tell what waits for a file to be ready. */
void io_uring_refuse_flight(struct dump *dump, const struct kernel_ring *ring, const struct fdinfo *fdinfo)
{
	char list[LIST_SIZE] = "";
	uint64_t seen = 0;

	_Static_assert(ARRAY_SIZE(opcodes) <= 64, "a bit for each opcode");
	if (ring->requests_count == 0)
		return;
	for (size_t i = 0; i < fdinfo->entries_count; i++) {
		const char *found =
			fdinfo->entries[i].key[0] == '\0' ? strstr(fdinfo->entries[i].value, "op=") : NULL;

		if (found)
			add_opcode(list, &seen, strtoul(found + strlen("op="), NULL, 10));
	}
	if (ring->has_timeouts)
		add_opcode(list, &seen, OPCODE_TIMEOUT);
	blockers_add(&dump->blockers,
		     "its io_uring has %" PRIu32
		     " request%s in flight%s, which cannot be preserved: try again "
		     "when they have completed, or start the program without io_uring, while the sysctl "
		     "kernel.io_uring_disabled is 2",
		     ring->requests_count, ring->requests_count == 1 ? "" : "s", list);
}
