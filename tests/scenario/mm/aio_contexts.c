/* SPDX-License-Identifier: MIT */
/* AIO contexts are at their addresses again, with the events that have not been taken, and take new requests.
 */
/* needs: cap_sys_admin */
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

#define SMALL 4
#define LARGE 1000

/* The start of the ring, which libaio looks at. */
struct ring {
	uint32_t id, slots, head, tail, magic;
};

static char buffer[4096];
static int file;

static aio_context_t set_up(unsigned int requests)
{
	aio_context_t context = 0;

	scenario_call(syscall(SYS_io_setup, requests, &context));
	return context;
}

static void submit(aio_context_t context, int count, uint64_t first_data)
{
	for (int i = 0; i < count; i++) {
		struct iocb control = {
			.aio_data = first_data + (uint64_t)i,
			.aio_fildes = (uint32_t)file,
			.aio_lio_opcode = IOCB_CMD_PREAD,
			.aio_buf = (uintptr_t)buffer,
			.aio_nbytes = (uint64_t)(10 + i % 7),
		};
		struct iocb *list[] = {&control};

		scenario_check_equal(scenario_call(syscall(SYS_io_submit, context, 1, list)), 1);
	}
}

static void take(aio_context_t context, int count, uint64_t first_data)
{
	struct timespec timeout = {.tv_sec = 5};

	for (int i = 0; i < count; i++) {
		struct io_event event = {0};

		scenario_check_equal(
			scenario_call(syscall(SYS_io_getevents, context, 1, 1, &event, &timeout)), 1);
		scenario_check_equal(event.data, first_data + (uint64_t)i);
		scenario_check_equal(event.res, 10 + i % 7);
	}
}

static void check_empty(aio_context_t context)
{
	struct timespec none = {0};
	struct io_event event;

	scenario_check_equal(scenario_call(syscall(SYS_io_getevents, context, 0, 1, &event, &none)), 0);
}

static const struct ring *ring_of(aio_context_t context)
{
	return (const struct ring *)(uintptr_t)context;
}

int main(void)
{
	aio_context_t fresh, empty, waiting, wrapped, gone;
	uint32_t slots;

	file = scenario_call(open("file", O_RDWR | O_CREAT, 0600));
	scenario_check_equal(write(file, buffer, sizeof(buffer)), sizeof(buffer));
	fresh = set_up(SMALL);
	empty = set_up(SMALL);
	gone = set_up(LARGE);
	waiting = set_up(LARGE);
	wrapped = set_up(SMALL);
	scenario_call(syscall(SYS_io_destroy, gone));
	submit(empty, 3, 100);
	take(empty, 3, 100);
	submit(waiting, 200, 1000);
	take(waiting, 50, 1000);
	submit(waiting, 100, 1000 + 200);
	/* The events go round the end of the ring. */
	slots = ring_of(wrapped)->slots;
	submit(wrapped, (int)slots - 10, 1);
	take(wrapped, (int)slots - 10, 1);
	submit(wrapped, 20, 5000);
	scenario_check(ring_of(wrapped)->tail < ring_of(wrapped)->head);
	scenario_checkpoint();
	check_empty(fresh);
	check_empty(empty);
	take(wrapped, 20, 5000);
	check_empty(wrapped);
	for (int i = 50; i < 200; i++) {
		struct io_event event = {0};

		scenario_check_equal(syscall(SYS_io_getevents, waiting, 1, 1, &event, NULL), 1);
		scenario_check_equal(event.data, 1000 + i);
	}
	take(waiting, 100, 1000 + 200);
	check_empty(waiting);
	/* All of the room is there again, and not more: what has not been taken is not written over. */
	for (uint32_t count = 0;; count++) {
		struct iocb control = {.aio_fildes = (uint32_t)file,
				       .aio_lio_opcode = IOCB_CMD_PREAD,
				       .aio_buf = (uintptr_t)buffer,
				       .aio_data = count};
		struct iocb *list[] = {&control};

		if (syscall(SYS_io_submit, wrapped, 1, list) == 1)
			continue;
		scenario_check_equal(errno, EAGAIN);
		scenario_check(count < slots && count >= slots / 2);
		for (uint32_t i = 0; i < count; i++) {
			struct io_event event;

			scenario_check_equal(syscall(SYS_io_getevents, wrapped, 1, 1, &event, NULL), 1);
			scenario_check_equal(event.data, i);
		}
		break;
	}
	for (int round = 0; round < 3; round++) {
		submit(fresh, SMALL, 7);
		take(fresh, SMALL, 7);
		submit(wrapped, (int)slots / 2, 9);
		take(wrapped, (int)slots / 2, 9);
		submit(waiting, LARGE, 11);
		take(waiting, LARGE, 11);
	}
	scenario_check(syscall(SYS_io_destroy, gone) == -1 && errno == EINVAL);
	scenario_call(syscall(SYS_io_destroy, fresh));
	scenario_call(syscall(SYS_io_destroy, wrapped));
	scenario_check(set_up(SMALL) != 0);
	scenario_pass();
}
