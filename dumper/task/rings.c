/* SPDX-License-Identifier: MIT */
/* Lets threads look at their io_urings, as nobody else may; nothing of it is stored with the thread. */
#include "dumper/fd/io_uring.h"
#include "dumper/task/task_dumper.h"

static int rings_ask(struct dump *dump, struct process *process, struct thread *thread, struct batch *batch,
		     struct questions *questions maybe_unused)
{
	io_uring_ask(dump, process, thread, batch);
	return 0;
}

const struct task_dumper rings_task_dumper = {
	.name = "rings",
	.ask = rings_ask,
};
