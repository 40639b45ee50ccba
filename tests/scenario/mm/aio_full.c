/* SPDX-License-Identifier: MIT */
/* The ring of an AIO context that is full, wherever it begins, has room again as its events are taken. */
/* needs: cap_sys_admin */
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

#define CONTEXTS 12

static int file;

/* 1, or 0 if there is no room. */
static int submit(aio_context_t context, uint64_t data)
{
	struct iocb control = {
		.aio_fildes = (uint32_t)file, .aio_lio_opcode = IOCB_CMD_PREAD, .aio_data = data};
	struct iocb *list[] = {&control};
	long submitted = syscall(SYS_io_submit, context, 1, list);

	scenario_check(submitted == 1 || errno == EAGAIN);
	return submitted == 1;
}

static void take(aio_context_t context, uint64_t data)
{
	struct timespec timeout = {.tv_sec = 5};
	struct io_event event;

	scenario_check_equal(syscall(SYS_io_getevents, context, 1, 1, &event, &timeout), 1);
	scenario_check_equal(event.data, data);
}

int main(void)
{
	aio_context_t contexts[CONTEXTS] = {0};
	uint64_t first[CONTEXTS], end[CONTEXTS];
	cpu_set_t one;

	/* Room is given out by processor. */
	CPU_ZERO(&one);
	CPU_SET((unsigned int)sched_getcpu(), &one);
	scenario_call(sched_setaffinity(0, sizeof(one), &one));
	file = scenario_call(open("file", O_RDWR | O_CREAT, 0600));
	for (int i = 0; i < CONTEXTS; i++) {
		scenario_call(syscall(SYS_io_setup, 1, &contexts[i]));
		first[i] = (uint64_t)i * 11;
		for (uint64_t n = 0; n < first[i]; n++) {
			scenario_check(submit(contexts[i], n));
			take(contexts[i], n);
		}
		for (end[i] = first[i]; submit(contexts[i], end[i]);)
			end[i]++;
	}
	scenario_checkpoint();
	for (int i = 0; i < CONTEXTS; i++) {
		scenario_check(!submit(contexts[i], 0));
		for (uint64_t n = first[i]; n < end[i]; n++)
			take(contexts[i], n);
		for (uint64_t n = 0; n < end[i] - first[i]; n++)
			scenario_check(submit(contexts[i], n));
		for (uint64_t n = 0; n < end[i] - first[i]; n++)
			take(contexts[i], n);
	}
	scenario_pass();
}
