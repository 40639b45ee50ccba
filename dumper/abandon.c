/* SPDX-License-Identifier: MIT */
/* A process that is about to be killed gives its children up. */
#include "dumper/abandon.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "common/cleanup.h"
#include "dumper/task/task_dumper.h"

#define ACTION_SIZE 32 /* struct kernel_sigaction of rt_sigaction(2) */
#define SIGNAL_SET_SIZE 8

static void borrow_place_donep(struct borrow_place *place)
{
	borrow_place_done(place);
}

/* Zombies that do not fit into the batch have to wait for a reaper. */
static void fill(struct batch *batch, const pid_t *children, size_t count)
{
	const unsigned char ignore[ACTION_SIZE] = {(uintptr_t)SIG_IGN};

	batch_try(batch, SYS_rt_sigaction, SIGCHLD, batch_data(batch, ignore, sizeof(ignore)), 0,
		  SIGNAL_SET_SIZE);
	for (size_t i = 0; i < count && !batch_is_nearly_full(batch, 1, 0); i++)
		batch_try(batch, SYS_wait4, (uint64_t)children[i], 0, __WALL | WNOHANG);
}

int abandon_children(const struct process *process, const pid_t *children, size_t count)
{
	cleanup_(borrow_place_donep) struct borrow_place place = {.mem_fd = -EBADF};
	cleanup_(borrow_endp) struct borrow borrow = BORROW_EMPTY;
	cleanup_free struct batch *batch = batch_new(EXECUTOR_REGION_SIZE);
	unsigned failed;
	int r;

	if (!batch)
		return -ENOMEM;
	r = borrow_place_find(&place, process->proc_fd, &process->vmas);
	if (r == 0)
		r = borrow_begin(&borrow, &place, &process->threads[0].tracee, 0);
	if (r < 0)
		return r;
	batch_reset(batch, borrow.region);
	fill(batch, children, count);
	return borrow_run(&borrow, batch, &failed);
}
