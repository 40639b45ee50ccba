/* SPDX-License-Identifier: MIT */
/* The terminals of the tree, as a whole. */
#include "dumper/fd/terminals.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <linux/tty.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/vector.h"
#include "dumper/fd/external.h"
#include "dumper/fd/terminals_outside.h"

struct terminals *terminals_get(struct dump *dump)
{
	struct terminals *terminals = dump->fd_kind_states[FD_KIND_ptmx];

	if (terminals)
		return terminals;
	terminals = calloc(1, sizeof(*terminals));
	if (!terminals)
		log_error_errno(-ENOMEM, "cannot note the terminal");
	return dump->fd_kind_states[FD_KIND_ptmx] = terminals;
}

struct terminal_end *terminals_add(struct dump *dump, const struct process *process,
				   const struct fd_info *info, struct open_file *file)
{
	struct terminals *terminals = terminals_get(dump);
	struct terminal_end *end = terminals ? vector_append(terminals, ends) : NULL;

	if (!end) {
		log_error_errno(-ENOMEM, "cannot note the terminal");
		return NULL;
	}
	end->file = file;
	end->process = process;
	end->fd = info->fd;
	return end;
}

void terminals_open_queues(struct terminals *terminals)
{
	if (terminals->queues || terminals->queues_error < 0)
		return;
	terminals->queues_error = terminal_queues_open(&terminals->queues);
	if (terminals->queues_error < 0)
		log_debug("cannot look into terminals: %s", strerror(-terminals->queues_error));
}

void terminals_done(struct dump *dump)
{
	struct terminals *terminals = dump->fd_kind_states[FD_KIND_ptmx];

	if (!terminals)
		return;
	if (terminals->queues)
		terminal_queues_free(terminals->queues);
	terminal_holders_done(&terminals->holders);
	id_map_done(&terminals->inside);
	free(terminals->ends);
	free(terminals);
	dump->fd_kind_states[FD_KIND_ptmx] = NULL;
}

bool terminals_check_discipline(struct dump *dump, int our_fd, const char *path)
{
	int discipline = N_TTY;

	if (ioctl(our_fd, TIOCGETD, &discipline) < 0 || discipline == N_TTY)
		return true;
	blockers_add(&dump->blockers,
		     "terminal '%s' has line discipline %d instead of N_TTY, which cannot be preserved", path,
		     discipline);
	return false;
}

static bool is_nothing(const struct terminal_modes *modes)
{
	static const struct terminal_modes nothing;

	return memcmp(modes, &nothing, sizeof(nothing)) == 0;
}

Cr__TerminalSettings *terminals_settings(struct dump *dump, const struct terminal_settings *settings)
{
	Cr__TerminalSettings *entry = arena_new(&dump->arena, Cr__TerminalSettings);
	const struct terminal_modes *modes = &settings->modes, *locked = &settings->locked;

	if (!entry)
		return NULL;
	cr__terminal_settings__init(entry);
	entry->input_flags = modes->input_flags;
	entry->output_flags = modes->output_flags;
	entry->control_flags = modes->control_flags;
	entry->local_flags = modes->local_flags;
	entry->line = modes->line;
	entry->input_speed = modes->input_speed;
	entry->output_speed = modes->output_speed;
	entry->characters = arena_bytes(&dump->arena, modes->characters, sizeof(modes->characters));
	entry->locked_input_flags = locked->input_flags;
	entry->locked_output_flags = locked->output_flags;
	entry->locked_control_flags = locked->control_flags;
	entry->locked_local_flags = locked->local_flags;
	if (!is_nothing(locked))
		entry->locked_characters =
			arena_bytes(&dump->arena, locked->characters, sizeof(locked->characters));
	entry->rows = settings->rows;
	entry->columns = settings->columns;
	entry->width_pixels = settings->width_pixels;
	entry->height_pixels = settings->height_pixels;
	return entry->characters.data && (is_nothing(locked) || entry->locked_characters.data) ? entry : NULL;
}

Cr__TerminalNode *terminals_node(struct dump *dump, const struct stat *st)
{
	Cr__TerminalNode *entry = arena_new(&dump->arena, Cr__TerminalNode);

	if (!entry)
		return NULL;
	cr__terminal_node__init(entry);
	entry->mode = st->st_mode & 07777;
	entry->uid = st->st_uid;
	entry->gid = st->st_gid;
	return entry;
}

/* The master of a slave, if the tree has it. */
static struct terminal_end *find_master(struct terminals *terminals, const struct terminal_end *slave)
{
	for (size_t i = 0; i < terminals->ends_count; i++) {
		struct terminal_end *end = &terminals->ends[i];

		if (!end->ptmx || !end->path)
			continue;
		if (slave->identity != 0 && end->identity != 0) {
			if (slave->identity == end->identity)
				return end;
		} else if (slave->device == end->device &&
			   (slave->filesystem == 0 || slave->filesystem == end->filesystem)) {
			return end;
		}
	}
	return NULL;
}

const struct open_file *terminals_find_by_node(struct dump *dump, const struct stat *st)
{
	struct terminals *terminals = dump->fd_kind_states[FD_KIND_ptmx];
	const struct terminal_end node = {.device = st->st_rdev, .filesystem = st->st_dev};
	const struct terminal_end *master = terminals ? find_master(terminals, &node) : NULL;

	return master ? master->file : NULL;
}

/* What is seen without looking into the kernel: that there is something, but not what. */
static void check_blindly(struct dump *dump, const struct terminal_end *slave)
{
	const char *why = strerror(-terminals_get(dump)->queues_error);

	if (slave->has_input)
		blockers_add(
			&dump->blockers,
			"input waits in terminal '%s', and can only be looked at with CAP_BPF, CAP_PERFMON "
			"and a kernel that describes its types (%s); let the program read it first",
			slave->path, why);
	if (slave->is_blocked)
		blockers_add(
			&dump->blockers,
			"the output of terminal '%s' is stopped or waits; which of these can only be seen "
			"with CAP_BPF, CAP_PERFMON and a kernel that describes its types (%s)",
			slave->path, why);
}

static void join_to_master(struct dump *dump, struct terminal_end *slave, struct terminal_end *master)
{
	Cr__Terminal *entry = slave->terminal;

	entry->place = CR__TERMINAL_PLACE__TERMINAL_PSEUDO;
	entry->index = master->ptmx->index;
	entry->ptmx_id = master->file->image.id;
	entry->settings = NULL;
	entry->node = NULL;
	entry->device = 0;
	master->ptmx->slave_state = CR__SLAVE_STATE__SLAVE_OPEN;
	if (!terminals_get(dump)->queues)
		check_blindly(dump, slave);
	if (!entry->is_by_dev_tty && strcmp(entry->path, master->path) != 0)
		blockers_add(
			&dump->blockers,
			"terminal '%s' is pseudo-terminal '%s' under another name, which cannot be preserved",
			slave->path, master->path);
}

/* Nobody can use such a descriptor any more, wherever the other end was: it is made anew, and hung up. */
static void keep_hung_up(struct dump *dump, struct terminal_end *end)
{
	Cr__Terminal *entry = end->terminal;

	entry->device = 0;
	if (terminal_is_pseudo(end->device)) {
		entry->place = CR__TERMINAL_PLACE__TERMINAL_PSEUDO;
		entry->index = minor(end->device);
	} else if (entry->is_by_dev_tty) {
		entry->place = CR__TERMINAL_PLACE__TERMINAL_GONE;
	} else {
		blockers_add(&dump->blockers,
			     "terminal '%s' is hung up, and is none that could be made again", end->path);
	}
}

static int join_end(struct dump *dump, struct terminals *terminals, struct terminal_end *end)
{
	struct terminal_end *master;

	LOG_SCOPE("pid %d (%s)", (int)end->process->pidref.pid, end->process->status.name);
	LOG_SCOPE("fd %d", end->fd);
	master = find_master(terminals, end);
	if (master)
		join_to_master(dump, end, master);
	else if (end->terminal->is_hung_up)
		keep_hung_up(dump, end);
	else
		return terminals_outside_end(dump, end);
	return 0;
}

static int join_or_inherit(struct dump *dump, struct terminals *terminals, struct terminal_end *end)
{
	size_t count = dump->blockers.texts_count;
	int r = join_end(dump, terminals, end);

	return r < 0 ? r : MIN(external_settle(dump, end->file, count), 0);
}

/* A slave that nobody had opened yet cannot be filled without opening it. */
static void check_never_opened(struct dump *dump, const struct terminal_end *master)
{
	const Cr__TerminalQueue *queues[] = {master->ptmx->master, master->ptmx->slave};

	if (master->ptmx->slave_state != CR__SLAVE_STATE__SLAVE_NEVER_OPENED)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(queues); i++) {
		if (queues[i]->data.len == 0 && queues[i]->waiting.len == 0 && !queues[i]->is_stopped &&
		    !queues[i]->is_literal_next && master->ptmx->packet_events == 0)
			continue;
		blockers_add(&dump->blockers,
			     "pseudo-terminal '%s' has been written to before its slave was opened for the "
			     "first time, "
			     "which cannot be preserved: try again when it is open",
			     master->path);
		return;
	}
}

/* Each devpts has numbers of its own; at restore there is one. */
static void check_number(struct dump *dump, const struct terminals *terminals, size_t index)
{
	const struct terminal_end *end = &terminals->ends[index];

	for (size_t i = 0; i < index; i++)
		if (terminals->ends[i].ptmx && terminals->ends[i].path &&
		    terminals->ends[i].ptmx->index == end->ptmx->index)
			blockers_add(&dump->blockers,
				     "two pseudo-terminals of the dump have number %u, '%s' and '%s', which "
				     "cannot be preserved",
				     end->ptmx->index, terminals->ends[i].path, end->path);
}

static int check_masters(struct dump *dump, struct terminals *terminals)
{
	for (size_t i = 0; i < terminals->ends_count; i++) {
		struct terminal_end *end = &terminals->ends[i];
		int r;

		if (!end->ptmx || !end->path)
			continue;
		LOG_SCOPE("pid %d (%s)", (int)end->process->pidref.pid, end->process->status.name);
		LOG_SCOPE("fd %d", end->fd);
		check_number(dump, terminals, i);
		if (end->ptmx->master)
			check_never_opened(dump, end);
		r = terminals_outside_master(dump, end);
		if (r < 0)
			return r;
	}
	return 0;
}

int terminals_check(struct dump *dump)
{
	struct terminals *terminals = terminals_get(dump);
	int r = terminals ? terminals_outside_begin(dump) : -ENOMEM;

	for (size_t i = 0; r == 0 && i < terminals->ends_count; i++)
		if (terminals->ends[i].terminal)
			r = join_or_inherit(dump, terminals, &terminals->ends[i]);
	if (r == 0)
		r = check_masters(dump, terminals);
	if (r == 0)
		r = terminals_check_sessions(dump);
	return r;
}
