/* SPDX-License-Identifier: MIT */
/* Terminals, and ends of them, that are not all in the tree. */
#include "dumper/fd/terminals_outside.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/printable.h"
#include "common/proc/fd_search.h"

#define HOLDERS_TEXT_SIZE 256

static struct terminals *get(struct dump *dump)
{
	return dump->fd_kind_states[FD_KIND_ptmx];
}

static bool is_inside(struct dump *dump, pid_t pid)
{
	return id_map_get(&get(dump)->inside, (uint64_t)pid, NULL);
}

/* Of ourselves, what we were started with counts; the rest are our copies of what is in the tree. */
static bool is_counted(struct dump *dump, const struct terminal_holder *holder)
{
	if (fd_search_is_own(holder->pid))
		return holder->fd <= STDERR_FILENO;
	return !is_inside(dump, holder->pid);
}

int terminals_outside_begin(struct dump *dump)
{
	struct terminals *terminals = get(dump);
	struct terminal_holders *holders = &terminals->holders;
	const struct stat_info *root = &dump->processes[0].stat;
	size_t kept = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < dump->processes_count; i++)
		r = id_map_set(&terminals->inside, (uint64_t)dump->processes[i].pidref.pid, i);
	if (r == 0 && terminals->ends_count > 0)
		r = terminal_holders_read(holders);
	if (r < 0)
		return log_error_errno(r, "cannot find out who has terminals open");
	for (size_t i = 0; i < holders->items_count; i++)
		if (is_counted(dump, &holders->items[i]))
			holders->items[kept++] = holders->items[i];
	holders->items_count = kept;
	if (dump->options->is_shell_job && root->tty != 0 && !is_inside(dump, root->sid))
		terminals->shell_device = terminal_decode_device((uint32_t)root->tty);
	return 0;
}

/* Whether it is of a terminal on FILESYSTEM (0: whichever); a master of which that cannot be told may be. */
static bool is_on(const struct terminal_holder *holder, dev_t filesystem)
{
	dev_t found = holder->filesystem;
	int r = holder->is_master && filesystem != 0 ? terminal_holder_find_filesystem(holder, &found) : 0;

	return filesystem == 0 || r == -EPERM || (r == 0 && found == filesystem);
}

/* The first holder of an end, or NULL. */
static const struct terminal_holder *find_holder(struct dump *dump, dev_t device, dev_t filesystem,
						 bool is_master)
{
	const struct terminal_holders *holders = &get(dump)->holders;

	for (size_t i = 0; i < holders->items_count; i++) {
		const struct terminal_holder *holder = &holders->items[i];

		if (holder->device == device && holder->is_master == is_master && is_on(holder, filesystem))
			return holder;
	}
	return NULL;
}

static const char *describe_holder(const struct terminal_holder *holder, char text[HOLDERS_TEXT_SIZE])
{
	char comm[128];

	if (!holder)
		snprintf(text, HOLDERS_TEXT_SIZE, "by nobody who can be seen from here");
	else
		snprintf(text, HOLDERS_TEXT_SIZE, "by '%s' (pid %d, fd %d)",
			 printable(holder->comm, comm, sizeof(comm)), holder->pid, holder->fd);
	return text;
}

/*
 * The shell's terminal is the controlling one; for a program without any, the first that is met: then it was
 * started with setsid(1) from that shell.
 */
static bool is_shell_terminal(struct dump *dump, const struct terminal_end *end)
{
	struct terminals *terminals = get(dump);

	if (!dump->options->is_shell_job)
		return false;
	if (terminals->shell_device == 0 && dump->processes[0].stat.tty == 0 &&
	    terminal_is_pseudo(end->device))
		terminals->shell_device = end->device;
	if (terminals->shell_device != end->device)
		return false;
	if (!end->terminal->is_by_dev_tty)
		terminals->shell_path = end->path;
	return true;
}

static void refuse_pseudo(struct dump *dump, const struct terminal_end *end)
{
	const struct terminal_holder *holder = find_holder(dump, end->device, end->filesystem, true);
	char text[HOLDERS_TEXT_SIZE];

	if (!dump->options->is_shell_job)
		blockers_add(
			&dump->blockers,
			"terminal '%s' is outside of what is dumped, its master is held %s; give "
			"--shell-job (-j) on both commands to take the terminal of cr-restore instead, "
			"or --stdio=inherit if it is standard input and output only, or start the program "
			"with others",
			end->path, describe_holder(holder, text));
	else
		blockers_add(&dump->blockers,
			     "terminal '%s' is outside of what is dumped, its master is held %s, and it is "
			     "not the one that "
			     "--shell-job is about, pseudo-terminal %u; start the program without it",
			     end->path, describe_holder(holder, text), minor(get(dump)->shell_device));
}

/* Settings of a device belong to the program if nobody else has it open. */
static int keep_device(struct dump *dump, struct terminal_end *end)
{
	Cr__Terminal *entry = end->terminal;
	struct stat st;

	if (entry->is_by_dev_tty || stat(entry->path, &st) < 0 || st.st_rdev != entry->device) {
		blockers_add(
			&dump->blockers,
			"terminal '%s' is device %u:%u of this host, and that path does not lead to it%s",
			end->path, major(end->device), minor(end->device),
			entry->is_by_dev_tty ? " when it is not the controlling terminal" : "");
		return 0;
	}
	if (end->has_input)
		blockers_add(&dump->blockers,
			     "input waits in terminal '%s', a device of this host: it cannot be preserved, "
			     "let the program "
			     "read it first",
			     end->path);
	entry->place = CR__TERMINAL_PLACE__TERMINAL_DEVICE;
	entry->is_shared = find_holder(dump, entry->device, 0, false) != NULL;
	return dump_require_file(dump, end->process, entry->path, &st, false, "terminal");
}

int terminals_outside_end(struct dump *dump, struct terminal_end *end)
{
	if (is_shell_terminal(dump, end)) {
		end->terminal->place = CR__TERMINAL_PLACE__TERMINAL_SHELL;
		return 0;
	}
	if (!terminal_is_pseudo(end->device))
		return keep_device(dump, end);
	refuse_pseudo(dump, end);
	return 0;
}

static unsigned count_inside(struct dump *dump, const struct terminal_end *master)
{
	const struct terminals *terminals = get(dump);
	unsigned count = 0;

	for (size_t i = 0; i < terminals->ends_count; i++)
		if (terminals->ends[i].terminal &&
		    terminals->ends[i].terminal->ptmx_id == master->file->image.id)
			count++;
	return count;
}

int terminals_outside_master(struct dump *dump, const struct terminal_end *master)
{
	const struct terminal_holder *holder = find_holder(dump, master->device, master->filesystem, true);
	char text[HOLDERS_TEXT_SIZE];

	if (holder)
		blockers_add(
			&dump->blockers,
			"the master of pseudo-terminal '%s' is held outside of what is dumped as well, %s",
			master->path, describe_holder(holder, text));
	holder = find_holder(dump, master->device, master->filesystem, false);
	if (holder)
		blockers_add(&dump->blockers,
			     "pseudo-terminal '%s' is in use outside of what is dumped, %s: dump that as "
			     "well, or end it",
			     master->path, describe_holder(holder, text));
	else if (master->has_opened && master->opened != count_inside(dump, master))
		blockers_add(&dump->blockers,
			     "pseudo-terminal '%s' is open %u times, of which %u can be seen here: the "
			     "others are on their way "
			     "through a socket (SCM_RIGHTS), or in a process that /proc does not show",
			     master->path, master->opened, count_inside(dump, master));
	else if (get(dump)->holders.unreadable_count > 0)
		log_warning("%zu processes could not be looked at: whether they use pseudo-terminal '%s' is "
			    "not known",
			    get(dump)->holders.unreadable_count, master->path);
	return 0;
}

static bool has_group(struct dump *dump, pid_t group, pid_t session)
{
	for (size_t i = 0; i < dump->processes_count; i++)
		if (dump->processes[i].stat.pgid == group && dump->processes[i].stat.sid == session)
			return true;
	return false;
}

/* The master of the controlling terminal of a process, or NULL. Numbers are per devpts, sessions are not. */
static const struct terminal_end *find_controlling(struct dump *dump, const struct process *process)
{
	const struct terminals *terminals = get(dump);

	for (size_t i = 0; i < terminals->ends_count; i++) {
		const struct terminal_end *end = &terminals->ends[i];

		if (end->ptmx && end->session == process->stat.sid &&
		    end->device == terminal_decode_device((uint32_t)process->stat.tty))
			return end;
	}
	return NULL;
}

static void refuse_controlling(struct dump *dump, const struct process *process)
{
	dev_t device = terminal_decode_device((uint32_t)process->stat.tty);
	char text[HOLDERS_TEXT_SIZE];

	/* Told once, for the leader. */
	if (process->pidref.pid != process->stat.sid && is_inside(dump, process->stat.sid))
		return;
	if (!is_inside(dump, process->stat.sid) && !dump->options->is_shell_job)
		return; /* the session is refused */
	if (terminal_is_pseudo(device))
		blockers_add(&dump->blockers,
			     "its controlling terminal, pseudo-terminal %u, is outside of what is dumped, "
			     "its master is held %s: "
			     "dump that process, or start the program under one that can be dumped with it, "
			     "such as tmux(1) or "
			     "script(1)",
			     minor(device), describe_holder(find_holder(dump, device, 0, true), text));
	else
		blockers_add(&dump->blockers,
			     "its controlling terminal is device %u:%u of this host, which it has not open, "
			     "so that it cannot be given back to it: start it with setsid(1)",
			     major(device), minor(device));
}

static int note_terminal(struct dump *dump, struct process *process, uint32_t ptmx_id, pid_t foreground)
{
	Cr__ControllingTerminal *entry = arena_new(&dump->arena, Cr__ControllingTerminal);

	if (!entry)
		return log_error_errno(-ENOMEM, "cannot note the controlling terminal");
	cr__controlling_terminal__init(entry);
	entry->ptmx_id = ptmx_id;
	entry->foreground_pgid = foreground;
	process->image->terminal = entry;
	return 0;
}

/* By which name the program has the device open; NULL: it has not, or by none that leads to it. */
static const char *find_device_path(struct dump *dump, dev_t device)
{
	const struct terminals *terminals = get(dump);

	for (size_t i = 0; i < terminals->ends_count; i++) {
		const Cr__Terminal *entry = terminals->ends[i].terminal;

		if (entry && entry->place == CR__TERMINAL_PLACE__TERMINAL_DEVICE && entry->device == device)
			return entry->path;
	}
	return NULL;
}

static void refuse_foreground(struct dump *dump, const char *path, pid_t foreground)
{
	blockers_add(&dump->blockers,
		     "the foreground process group of its terminal '%s', %d, has no process any more, and "
		     "cannot be made again: try again when there is another",
		     path, foreground);
}

/* A console or serial line: it goes on being that of the session as long as the program has it open. */
static int check_host_terminal(struct dump *dump, struct process *process)
{
	dev_t device = terminal_decode_device((uint32_t)process->stat.tty);
	const char *path = find_device_path(dump, device);
	bool is_leader = process->stat.sid == process->pidref.pid;
	pid_t foreground = process->stat.tty_pgid;
	int r;

	if (!path) {
		refuse_controlling(dump, process);
		return 0;
	}
	if (is_leader && !has_group(dump, foreground, process->stat.sid))
		refuse_foreground(dump, path, foreground);
	r = note_terminal(dump, process, 0, is_leader ? foreground : 0);
	if (r < 0)
		return r;
	process->image->terminal->path = (char *)path;
	process->image->terminal->device = device;
	return 0;
}

static int check_process(struct dump *dump, struct process *process)
{
	const struct terminal_end *master;
	bool is_leader = process->stat.sid == process->pidref.pid;
	bool is_root = process == &dump->processes[0];
	pid_t foreground = process->stat.tty_pgid;

	if (process->is_zombie || process->stat.tty == 0)
		return 0;
	master = find_controlling(dump, process);
	if (!master && dump->options->is_shell_job && process->stat.sid == dump->processes[0].stat.sid &&
	    !is_inside(dump, process->stat.sid))
		return note_terminal(dump, process, 0,
				     is_root && has_group(dump, foreground, process->stat.sid) ? foreground
											       : 0);
	if (!terminal_is_pseudo(terminal_decode_device((uint32_t)process->stat.tty)) &&
	    is_inside(dump, process->stat.sid))
		return check_host_terminal(dump, process);
	if (!master || !is_inside(dump, process->stat.sid)) {
		refuse_controlling(dump, process);
		return 0;
	}
	if (is_leader && !has_group(dump, foreground, process->stat.sid))
		refuse_foreground(dump, master->path, foreground);
	return note_terminal(dump, process, master->file->image.id, is_leader ? foreground : 0);
}

/* A session elsewhere would lose its terminal. */
static void check_session(struct dump *dump, const struct terminal_end *master)
{
	if (master->session != 0 && !is_inside(dump, master->session))
		blockers_add(
			&dump->blockers,
			"pseudo-terminal '%s' is the controlling terminal of a session outside of what is "
			"dumped (%d)",
			master->path, master->session);
}

int terminals_check_sessions(struct dump *dump)
{
	struct terminals *terminals = get(dump);

	for (size_t i = 0; i < dump->processes_count; i++) {
		struct process *process = &dump->processes[i];
		int r;

		LOG_SCOPE("pid %d (%s)", (int)process->pidref.pid, process->status.name);
		r = check_process(dump, process);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < terminals->ends_count; i++) {
		const struct terminal_end *end = &terminals->ends[i];

		LOG_SCOPE("pid %d (%s)", (int)end->process->pidref.pid, end->process->status.name);
		if (end->ptmx && end->path)
			check_session(dump, end);
	}
	return 0;
}
