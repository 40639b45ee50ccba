/* SPDX-License-Identifier: MIT */
/* not: stop */
/* SIGCONT ends these calls with EINTR, signal(7). */
/* needs: cap_sys_admin */
/* Threads that wait for the end of asynchronous I/O go on waiting. */
#include <fcntl.h>
#include <linux/aio_abi.h>

#include "waiters.h"

static aio_context_t contexts[2];
static int file;
static char buffer[16];

static int do_wait(void)
{
	struct io_event event;

	return syscall(SYS_io_getevents, contexts[0], 1, 1, &event, NULL) == 1 && event.data == 7;
}

static int do_wait_long(void)
{
	struct timespec timeout = {.tv_sec = 100};
	struct io_event event;

	return syscall(SYS_io_pgetevents, contexts[1], 1, 1, &event, &timeout, NULL) == 1 && event.data == 8;
}

static struct waiter waiters[] = {
	{.wait = do_wait, .number = SYS_io_getevents},
	{.wait = do_wait_long, .number = SYS_io_pgetevents},
};

static void submit(aio_context_t context, uint64_t data)
{
	struct iocb control = {
		.aio_data = data,
		.aio_fildes = (uint32_t)file,
		.aio_lio_opcode = IOCB_CMD_PREAD,
		.aio_buf = (uintptr_t)buffer,
		.aio_nbytes = sizeof(buffer),
	};
	struct iocb *list[] = {&control};

	scenario_check_equal(scenario_call(syscall(SYS_io_submit, context, 1, list)), 1);
}

int main(void)
{
	file = scenario_call(open("file", O_RDWR | O_CREAT, 0600));
	scenario_check_equal(write(file, "0123456789abcdef", 16), 16);
	for (int i = 0; i < 2; i++)
		scenario_call(syscall(SYS_io_setup, 8, &contexts[i]));
	waiters_start(waiters, 2);
	scenario_checkpoint();
	waiters_check_waiting(waiters, 2);
	submit(contexts[0], 7);
	submit(contexts[1], 8);
	waiters_join(waiters, 2);
	scenario_pass();
}
