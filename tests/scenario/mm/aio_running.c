/* SPDX-License-Identifier: MIT */
/* Requests that are in flight when the program is dumped come to their ends: each once, with what was to be
 * read. */
/* not: stop */
/* SIGCONT ends a wait for them with EINTR, signal(7). */
/* needs: cap_sys_admin */
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

#define BLOCK 16384
#define BLOCKS 64
#define DEPTH 16

static struct slot {
	struct iocb control;
	char *buffer;
	int block;
	bool is_write;
} slots[DEPTH];

static uint64_t seeds[BLOCKS];
static bool is_busy[BLOCKS];
static aio_context_t context;
static int file, last_block;
static uint64_t last_seed;

/* Blocks by turns, each written anew after it has been read. */
static void submit(struct slot *slot)
{
	struct iocb *list[] = {&slot->control};

	do
		last_block = (last_block + 7) % BLOCKS;
	while (is_busy[last_block]);
	slot->block = last_block;
	slot->is_write = ++last_seed % 3 == 0;
	is_busy[last_block] = true;
	if (slot->is_write) {
		seeds[last_block] = last_seed;
		scenario_fill(slot->buffer, BLOCK, last_seed);
	} else {
		memset(slot->buffer, 0xaa, BLOCK);
	}
	slot->control = (struct iocb){
		.aio_data = (uintptr_t)slot,
		.aio_fildes = (uint32_t)file,
		.aio_lio_opcode = slot->is_write ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD,
		.aio_buf = (uintptr_t)slot->buffer,
		.aio_nbytes = BLOCK,
		.aio_offset = (int64_t)last_block * BLOCK,
	};
	scenario_check_equal(scenario_call(syscall(SYS_io_submit, context, 1, list)), 1);
}

static struct slot *complete(void)
{
	struct timespec timeout = {.tv_sec = 10};
	struct io_event event;
	struct slot *slot;

	if (scenario_call(syscall(SYS_io_getevents, context, 1, 1, &event, &timeout)) != 1)
		scenario_fail("a request got lost");
	slot = (struct slot *)(uintptr_t)event.data;
	scenario_check_equal(event.res, BLOCK);
	scenario_check(is_busy[slot->block]);
	is_busy[slot->block] = false;
	if (!slot->is_write && !scenario_is_filled(slot->buffer, BLOCK, seeds[slot->block]))
		scenario_fail("block %d holds something else", slot->block);
	return slot;
}

int main(void)
{
	int flags = O_RDWR | O_CREAT | O_DIRECT;

	file = open("file", flags, 0600);
	if (file < 0 && errno == EINVAL)
		scenario_skip("no direct I/O here");
	scenario_call(file);
	scenario_call(syscall(SYS_io_setup, DEPTH, &context));
	for (int i = 0; i < DEPTH; i++)
		scenario_check(posix_memalign((void **)&slots[i].buffer, 4096, BLOCK) == 0);
	for (int i = 0; i < BLOCKS; i++) {
		seeds[i] = ++last_seed;
		scenario_fill(slots[0].buffer, BLOCK, last_seed);
		scenario_check_equal(pwrite(file, slots[0].buffer, BLOCK, (off_t)i * BLOCK), BLOCK);
	}
	for (int i = 0; i < DEPTH; i++)
		submit(&slots[i]);
	scenario_announce();
	while (!scenario_is_released())
		submit(complete());
	for (int i = 0; i < 200; i++)
		submit(complete());
	for (int i = 0; i < DEPTH; i++)
		complete();
	scenario_pass();
}
