/* SPDX-License-Identifier: MIT */
/* Asks for holders outside of the tree, and puts them into words. */
#include "dumper/holders.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/log.h"
#include "common/printable.h"

/* More would make a message nobody reads. */
#define DESCRIBED_PROCESSES 4
#define DESCRIBED_NUMBERS 4

struct holders {
	struct fd_search search;
	bool is_done;
};

void holders_done(struct dump *dump)
{
	if (!dump->holders)
		return;
	fd_search_done(&dump->holders->search);
	free(dump->holders);
	dump->holders = NULL;
}

int holders_want(struct dump *dump, const struct fd_object *object)
{
	int r = -ENOMEM;

	if (!dump->holders)
		dump->holders = calloc(1, sizeof(*dump->holders));
	if (dump->holders)
		r = fd_search_add(&dump->holders->search, object);
	if (r < 0)
		return log_error_errno(r, "cannot note what to look for in other processes");
	if (r > 0)
		dump->holders->is_done = false;
	return 0;
}

int holders_search(struct dump *dump)
{
	struct holders *holders = dump->holders;
	int r = 0;

	if (!holders || holders->is_done)
		return 0;
	for (size_t i = 0; r == 0 && i < dump->processes_count; i++)
		r = fd_search_exclude(&holders->search, dump->processes[i].pidref.pid);
	if (r == 0)
		r = fd_search_run(&holders->search);
	if (r < 0)
		return log_error_errno(r, "cannot look at the descriptors of other processes");
	holders->is_done = true;
	if (holders->search.unreadable_count > 0)
		log_notice("what the program shares with other processes is not known for sure%s",
			   holders_caveat(dump));
	log_debug("looked at %ju descriptors of other processes", (uintmax_t)holders->search.scanned_count);
	return 0;
}

int holders_find(struct dump *dump, const struct fd_object *object, const struct fd_holder **ret_holders,
		 size_t *ret_count)
{
	int r = holders_want(dump, object);

	if (r == 0)
		r = holders_search(dump);
	if (r < 0)
		return r;
	*ret_holders = fd_search_get(&dump->holders->search, object, ret_count);
	return 0;
}

/* "'tee' (pid 813, fd 0 and 4)": the holders from *POSITION on that are one process; steps over them. */
static const char *describe_process(struct dump *dump, const struct fd_holder *holders, size_t count,
				    size_t *position)
{
	const struct fd_holder *first = &holders[*position];
	const char *numbers = arena_format(&dump->arena, "fd %d", first->fd);
	size_t more = 0, used = 1;
	char comm[128];

	for ((*position)++; *position < count && holders[*position].pid == first->pid; (*position)++) {
		bool is_last = *position + 1 == count || holders[*position + 1].pid != first->pid;

		if (++used > DESCRIBED_NUMBERS)
			more++;
		else if (numbers)
			numbers = arena_format(&dump->arena, "%s%s %d", numbers, is_last ? " and" : ",",
					       holders[*position].fd);
	}
	if (numbers && more > 0)
		numbers = arena_format(&dump->arena, "%s and %zu more", numbers, more);
	return arena_format(&dump->arena, "'%s' (pid %d, %s)", printable(first->comm, comm, sizeof(comm)),
			    first->pid, numbers ? numbers : "?");
}

const char *holders_describe(struct dump *dump, const struct fd_holder *holders, size_t count)
{
	const char *text = NULL;
	size_t position = 0, processes = 0, more = 0;

	while (position < count) {
		const char *process = describe_process(dump, holders, count, &position);

		if (++processes > DESCRIBED_PROCESSES)
			more++;
		else if (!text)
			text = process;
		else if (process)
			text = arena_format(&dump->arena, "%s%s %s", text, position == count ? " and" : ",",
					    process);
	}
	if (text && more > 0)
		text = arena_format(&dump->arena, "%s and %zu other processes", text, more);
	return text ? text : "another process";
}

const char *holders_caveat(struct dump *dump)
{
	size_t count = dump->holders ? dump->holders->search.unreadable_count : 0;
	const char *text = "";

	if (count > 0)
		text = arena_format(&dump->arena, " (%zu process%s could not be looked at%s)", count,
				    count == 1 ? "" : "es", geteuid() == 0 ? "" : ": run cr-dump as root");
	return text ? text : " (some processes could not be looked at)";
}
