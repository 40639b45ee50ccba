/* SPDX-License-Identifier: MIT */
/* Whether ghosts are shared with processes that are not dumped: after a restore each would have a copy. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "common/log.h"
#include "common/printable.h"
#include "dumper/ghost.h"
#include "dumper/ghosts.h"
#include "dumper/holders.h"
#include "dumper/map_search.h"
#include "format/ghost.h"

#define SEALS_OF_CONSTANTS ((uint32_t)(F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK))

/* A copy is as good as the file if nobody can write to either. */
static bool can_be_shared(const struct ghost *ghost)
{
	return ghost->is_shareable && S_ISREG(ghost->image.mode) && ghost_is_stored(&ghost->image) &&
	       (ghost->image.seals & SEALS_OF_CONSTANTS) != SEALS_OF_CONSTANTS;
}

static void refuse(struct dump *dump, const struct ghost *ghost, const char *holders, const char *caveat)
{
	char name[PRINTABLE_SIZE];

	LOG_SCOPE("pid %d", ghost->pid);
	LOG_SCOPE("%s", ghost->where);
	blockers_add(&dump->blockers,
		     "its %s '%s' is shared with %s, which is not dumped: after a restore each would have a "
		     "file of its own%s; dump them together, or end the other",
		     ghost->image.origin == CR__GHOST_ORIGIN__GHOST_MEMFD ? "memfd" : "deleted file",
		     printable(ghost->paths[0], name, sizeof(name)), holders, caveat);
}

static bool writes(const struct fd_holder *holder)
{
	return !(holder->flags & O_PATH) && (holder->flags & O_ACCMODE) != O_RDONLY;
}

static struct fd_object object_of(const struct ghost *ghost)
{
	return (struct fd_object){
		.type = FD_OBJECT_FILE,
		.device = ghost->device,
		.inode = ghost->inode,
	};
}

static int check_descriptors(struct dump *dump, const struct ghost *ghost)
{
	const struct fd_object object = object_of(ghost);
	const struct fd_holder *holders = NULL;
	bool is_conflict = ghost->may_be_written;
	size_t count = 0;
	int r = holders_find(dump, &object, &holders, &count);

	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++)
		is_conflict |= writes(&holders[i]);
	if (count > 0 && is_conflict)
		refuse(dump, ghost, holders_describe(dump, holders, count), holders_caveat(dump));
	return 0;
}

static bool is_wanted(uint64_t inode, const void *context)
{
	const struct ghosts *ghosts = context;
	const struct ghost *ghost = id_map_get_pointer(&ghosts->by_inode, inode);

	while (ghost && !can_be_shared(ghost))
		ghost = ghost->next;
	return ghost;
}

static int found(struct dump *dump, const struct map_holder *holder, void *context)
{
	const struct ghost *ghost = ghost_find(context, holder->device, holder->inode);
	char comm[128];
	const char *text;

	if (!ghost || !can_be_shared(ghost) || !(ghost->may_be_written || holder->may_write))
		return 0;
	text = arena_format(&dump->arena, "'%s' (pid %d, mapped at %#jx)",
			    printable(holder->comm, comm, sizeof(comm)), holder->pid,
			    (uintmax_t)holder->start);
	refuse(dump, ghost, text ? text : "another process", "");
	return text ? 0 : -ENOMEM;
}

int ghosts_check(struct dump *dump)
{
	struct ghosts *ghosts = dump->ghosts;
	struct map_search search = {.is_wanted = is_wanted, .found = found, .context = ghosts};
	size_t unreadable = 0;
	bool has_any = false;
	int r = 0;

	/* All before the first question, which makes the pass. */
	for (size_t i = 0; r == 0 && ghosts && i < ghosts->ghosts_count; i++) {
		const struct fd_object object = object_of(ghosts->ghosts[i]);

		if (!can_be_shared(ghosts->ghosts[i]))
			continue;
		has_any = true;
		r = holders_want(dump, &object);
	}
	for (size_t i = 0; r == 0 && has_any && i < ghosts->ghosts_count; i++)
		if (can_be_shared(ghosts->ghosts[i]))
			r = check_descriptors(dump, ghosts->ghosts[i]);
	return r < 0 || !has_any ? r : map_search_run(dump, &search, &unreadable);
}
