/* SPDX-License-Identifier: MIT */
/* Makes files of the kernel's own kinds in states that cannot be preserved. */
#include "hold_event.h"

#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

static int open_eventfd(void)
{
	return eventfd(3, EFD_NONBLOCK);
}

/* The kernel's own signals count beyond what write(2) may. */
static int open_eventfd_overflown(void)
{
	static char buffer[16];
	uint64_t most = UINT64_MAX - 1;
	int fd = eventfd(0, EFD_NONBLOCK), zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	struct iocb control = {
		.aio_fildes = (uint32_t)zero,
		.aio_lio_opcode = IOCB_CMD_PREAD,
		.aio_buf = (uintptr_t)buffer,
		.aio_nbytes = sizeof(buffer),
		.aio_flags = IOCB_FLAG_RESFD,
		.aio_resfd = (uint32_t)fd,
	};
	struct iocb *list[] = {&control};
	aio_context_t context = 0;

	if (fd < 0 || zero < 0 || write(fd, &most, sizeof(most)) != sizeof(most) ||
	    syscall(SYS_io_setup, 1, &context) < 0 || syscall(SYS_io_submit, context, 1, list) != 1 ||
	    syscall(SYS_io_destroy, context) < 0)
		return -1;
	close(zero);
	return fd;
}

static int open_timerfd(void)
{
	return timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
}

static const struct {
	const char *name;
	int (*open)(void);
} kinds[] = {
	{"eventfd", open_eventfd},
	{"eventfd-overflown", open_eventfd_overflown},
	{"timerfd", open_timerfd},
};

int hold_event(const char *what)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(what, kinds[i].name) == 0)
			return kinds[i].open();
	return -2;
}
