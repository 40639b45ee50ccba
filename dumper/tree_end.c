/* SPDX-License-Identifier: MIT */
/* Ends the tree, or leaves it stopped, when its archive is there. */
#include "dumper/tree_end.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "dumper/abandon.h"
#include "dumper/tree.h"

#define KILL_TIMEOUT_MS 10000

/* A killed thread that is traced stays until its tracer has seen the end of it; the leader's comes last. */
static int reap(struct process *process)
{
	for (size_t i = process->threads_count; i > 0; i--) {
		struct tracee *tracee = &process->threads[i - 1].tracee;

		while (tracee->stop != TRACEE_GONE) {
			int r = tracee_wait(tracee, KILL_TIMEOUT_MS);

			if (r < 0 && r != -ESRCH)
				return log_error_errno(r, "thread %d was killed but does not die",
						       (int)tracee->tid);
		}
	}
	return 0;
}

/* From here on all of it ends, also by our own end. */
static void doom(struct dump *dump)
{
	for (size_t i = 0; i < dump->processes_count; i++)
		for (size_t k = 0; k < dump->processes[i].threads_count; k++)
			if (tracee_kill_with_us(&dump->processes[i].threads[k].tracee) < 0)
				log_debug("thread %d would outlive cr-dump",
					  (int)dump->processes[i].threads[k].tracee.tid);
}

/* Children stand behind their parent. */
static void abandon(struct dump *dump, size_t index)
{
	const struct process *process = &dump->processes[index];
	cleanup_free pid_t *zombies = calloc(dump->processes_count, sizeof(*zombies));
	size_t children = 0, count = 0;
	int r;

	for (size_t i = index + 1; zombies && i < dump->processes_count; i++) {
		if (dump->processes[i].stat.ppid != process->pidref.pid)
			continue;
		children++;
		if (dump->processes[i].is_zombie)
			zombies[count++] = dump->processes[i].pidref.pid;
	}
	if (children == 0)
		return;
	r = abandon_children(process, zombies, count);
	if (r < 0)
		log_debug("process %d leaves its children to the reaper: %s", (int)process->pidref.pid,
			  strerror(-r));
}

/*
 * Kills those before END, back to the first that is the parent of one of them, and waits for all together,
 * for they take their time. *RET_FIRST: the first of them.
 */
static int kill_some(struct dump *dump, size_t end, size_t *ret_first)
{
	size_t first = end, parents_end = 0;
	int r = 0;

	while (first > parents_end) {
		struct process *process = &dump->processes[--first];
		const struct process *parent = tree_find_process(dump, process->stat.ppid);

		if (parent)
			parents_end = MAX(parents_end, (size_t)(parent - dump->processes) + 1);
		r = process->is_zombie ? 0 : pidref_send_signal(&process->pidref, SIGKILL);
		if (r < 0 && r != -ESRCH)
			return log_error_errno(r, "cannot kill pid %d", (int)process->pidref.pid);
	}
	for (r = 0, *ret_first = first; r == 0 && first < end; first++)
		r = reap(&dump->processes[first]);
	return r;
}

/* Children first: their parents have given them up, so that they are gone at once. */
int tree_kill(struct dump *dump)
{
	size_t left = dump->processes_count;
	int r = 0;

	doom(dump);
	for (size_t i = 0; dump->processes_count > 1 && i < dump->processes_count; i++)
		if (!dump->processes[i].is_zombie)
			abandon(dump, i);
	while (r == 0 && left > 0)
		r = kill_some(dump, left, &left);
	return r;
}

int tree_stop(struct dump *dump)
{
	for (size_t i = 0; i < dump->processes_count; i++) {
		int r = dump->processes[i].is_zombie
				? 0
				: pidref_send_signal(&dump->processes[i].pidref, SIGSTOP);

		if (r < 0 && r != -ESRCH)
			return log_error_errno(r, "cannot stop pid %d", (int)dump->processes[i].pidref.pid);
	}
	return 0;
}
