/* SPDX-License-Identifier: MIT */
/* The terminals of an archive: whether all fits together, and whether this host can give it. */
#include "restorer/fd/terminals.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/printable.h"
#include "common/proc/stat.h"
#include "common/proc/terminal_holders.h"
#include "common/vector.h"
#include "format/fd/terminal.h"
#include "restorer/plan.h"

extern const struct fd_restorer ptmx_fd_restorer;

#define bad_terminal(...) (log_error("bad archive: " __VA_ARGS__), -EBADMSG)

struct terminals *terminals_get(struct restore *restore)
{
	struct terminals *terminals = restore->fd_kind_states[FD_KIND_ptmx];

	if (terminals)
		return terminals;
	terminals = calloc(1, sizeof(*terminals));
	if (terminals)
		terminals->shell.fd = -EBADF;
	return restore->fd_kind_states[FD_KIND_ptmx] = terminals;
}

int terminals_add(struct restore *restore, const struct object *object)
{
	struct terminals *terminals = terminals_get(restore);
	uint32_t *slot = terminals ? vector_append(terminals, ids) : NULL;

	if (!slot)
		return -ENOMEM;
	*slot = object->image->id;
	return 0;
}

const struct object *terminals_object(struct restore *restore, size_t i)
{
	return object_find(restore, terminals_get(restore)->ids[i]);
}

bool terminals_is_master(const struct object *object)
{
	return object->kind == &ptmx_fd_restorer;
}

struct pseudo_terminal *terminals_find(const struct terminals *terminals, uint32_t index)
{
	for (size_t i = 0; i < terminals->pseudos_count; i++)
		if (terminals->pseudos[i].index == index)
			return &terminals->pseudos[i];
	return NULL;
}

struct pseudo_terminal *terminals_find_by_master(const struct terminals *terminals, uint32_t ptmx_id)
{
	for (size_t i = 0; i < terminals->pseudos_count; i++)
		if (terminals->pseudos[i].master && terminals->pseudos[i].master->image->id == ptmx_id)
			return &terminals->pseudos[i];
	return NULL;
}

void terminals_done(struct restore *restore)
{
	struct terminals *terminals = restore->fd_kind_states[FD_KIND_ptmx];

	if (!terminals)
		return;
	shell_terminal_take_back(restore, true);
	for (size_t i = 0; i < terminals->pseudos_count; i++) {
		close_fd(&terminals->pseudos[i].master_fd);
		close_fd(&terminals->pseudos[i].slave_fd);
	}
	for (size_t i = 0; i < terminals->hosts_count; i++)
		close_fd(&terminals->hosts[i].fd);
	free(terminals->hosts);
	for (size_t i = 0; i < terminals->early_count; i++)
		close_fd(&terminals->early[i].fd);
	free(terminals->ids);
	free(terminals->pseudos);
	free(terminals->early);
	free(terminals);
	restore->fd_kind_states[FD_KIND_ptmx] = NULL;
}

static int add_pseudo(struct terminals *terminals, uint32_t index, const struct object *master)
{
	struct pseudo_terminal *slot = vector_append(terminals, pseudos);

	if (!slot)
		return log_error_errno(-ENOMEM, "cannot plan the terminals");
	*slot = (struct pseudo_terminal){
		.index = index,
		.master = master,
		.image = master ? (const Cr__Ptmx *)master->entry : NULL,
		.master_fd = -EBADF,
		.slave_fd = -EBADF,
	};
	return 0;
}

static int plan_masters(struct restore *restore, struct terminals *terminals)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < terminals->ids_count; i++) {
		const struct object *object = terminals_object(restore, i);
		uint32_t index;

		if (!terminals_is_master(object))
			continue;
		index = ((const Cr__Ptmx *)object->entry)->index;
		if (terminals_find(terminals, index))
			return bad_terminal("pseudo-terminal %u is there twice", index);
		r = add_pseudo(terminals, index, object);
	}
	return r;
}

static int plan_pseudo_end(struct terminals *terminals, const struct object *object)
{
	const Cr__Terminal *image = terminals_image(object);
	struct pseudo_terminal *pseudo = terminals_find(terminals, image->index);
	uint32_t master_id = pseudo && pseudo->master ? pseudo->master->image->id : 0;

	if (image->ptmx_id != master_id)
		return bad_terminal("the master of open file %u is %u, and not %u", object->image->id,
				    image->ptmx_id, master_id);
	if (pseudo && pseudo->image && pseudo->image->slave_state != CR__SLAVE_STATE__SLAVE_OPEN)
		return bad_terminal("pseudo-terminal %u is open, and is not", image->index);
	return pseudo ? 0 : add_pseudo(terminals, image->index, NULL);
}

static void note_shell_modes(struct shell_terminal *shell, const Cr__TerminalSettings *settings)
{
	struct terminal_settings all;

	terminal_settings_get(settings, &all);
	shell->is_wanted = true;
	shell->has_modes = true;
	shell->modes = all.modes;
}

static int plan_ends(struct restore *restore, struct terminals *terminals)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < terminals->ids_count; i++) {
		const struct object *object = terminals_object(restore, i);
		const Cr__Terminal *image = terminals_image(object);

		if (terminals_is_master(object))
			continue;
		if (image->place == CR__TERMINAL_PLACE__TERMINAL_PSEUDO)
			r = plan_pseudo_end(terminals, object);
		if (image->place == CR__TERMINAL_PLACE__TERMINAL_SHELL && !restore->manifest->is_shell_job)
			r = bad_terminal("open file %u is a shell's terminal, but there is no shell",
					 object->image->id);
		if (image->place == CR__TERMINAL_PLACE__TERMINAL_SHELL)
			note_shell_modes(&terminals->shell, image->settings);
	}
	return r;
}

static bool leads_session(const Cr__Process *image)
{
	return image->sid == image->pid;
}

static bool has_group(const struct restore *restore, pid_t group, pid_t session)
{
	for (size_t i = 0; i < restore->tasks_count; i++)
		if (restore->tasks[i].image->pgid == group && restore->tasks[i].image->sid == session)
			return true;
	return false;
}

bool terminals_is_of_host(const Cr__ControllingTerminal *image)
{
	return image->path[0];
}

static bool is_same_terminal(const Cr__ControllingTerminal *left, const Cr__ControllingTerminal *right)
{
	return left->ptmx_id == right->ptmx_id && left->device == right->device &&
	       strcmp(left->path, right->path) == 0;
}

/* One of its open files leads there, by which it was found. */
static bool has_host_end(struct restore *restore, const struct terminals *terminals,
			 const Cr__ControllingTerminal *image)
{
	for (size_t i = 0; i < terminals->ids_count; i++) {
		const struct object *object = terminals_object(restore, i);

		if (!terminals_is_master(object) &&
		    terminals_image(object)->place == CR__TERMINAL_PLACE__TERMINAL_DEVICE &&
		    terminals_image(object)->device == image->device &&
		    strcmp(terminals_image(object)->path, image->path) == 0)
			return true;
	}
	return false;
}

static int add_host(struct restore *restore, struct terminals *terminals, const Cr__Process *image)
{
	struct host_terminal *slot;

	if (image->terminal->ptmx_id != 0 || terminal_is_pseudo(image->terminal->device) ||
	    !has_host_end(restore, terminals, image->terminal))
		return bad_terminal("the controlling terminal of session %d, '%s', is not open", image->sid,
				    image->terminal->path);
	slot = vector_append(terminals, hosts);
	if (!slot)
		return log_error_errno(-ENOMEM, "cannot plan the terminals");
	*slot = (struct host_terminal){.image = image->terminal, .fd = -EBADF};
	return 0;
}

static int plan_leader(struct restore *restore, struct terminals *terminals, const Cr__Process *image)
{
	const struct pseudo_terminal *pseudo = terminals_find_by_master(terminals, image->terminal->ptmx_id);

	if (terminals_is_of_host(image->terminal)) {
		int r = add_host(restore, terminals, image);

		if (r < 0)
			return r;
	} else if (!pseudo || pseudo->image->slave_state == CR__SLAVE_STATE__SLAVE_NEVER_OPENED)
		return bad_terminal("the controlling terminal of session %d is not there", image->sid);
	if (!has_group(restore, image->terminal->foreground_pgid, image->sid))
		return bad_terminal("the foreground process group of session %d, %d, is not there",
				    image->sid, image->terminal->foreground_pgid);
	for (size_t i = 0; i < restore->tasks_count; i++) {
		const Cr__Process *other = restore->tasks[i].image;

		if (other != image && other->terminal && leads_session(other) &&
		    is_same_terminal(other->terminal, image->terminal))
			return bad_terminal("sessions %d and %d have the same controlling terminal",
					    image->sid, other->sid);
	}
	return 0;
}

static int plan_task(struct restore *restore, struct terminals *terminals, const Cr__Process *image)
{
	const struct task *leader = plan_find_task(restore, image->sid);

	if (!image->terminal || image->zombie)
		return 0;
	if (leads_session(image))
		return plan_leader(restore, terminals, image);
	if (image->terminal->ptmx_id == 0 && !terminals_is_of_host(image->terminal) && !leader &&
	    restore->manifest->is_shell_job) {
		terminals->shell.is_wanted = true;
		terminals->shell.is_controlling = true;
		return 0;
	}
	if (!leader || !leader->image->terminal ||
	    !is_same_terminal(leader->image->terminal, image->terminal))
		return bad_terminal("process %d has another controlling terminal than its session",
				    image->pid);
	return 0;
}

/* The directory in which the slave of a master opened as PATH appears: that of the devpts beside it, or it is
 * in one. */
static void find_directory(const char *path, char directory[PATH_MAX])
{
	struct statfs filesystem;

	snprintf(directory, PATH_MAX, "%.*s", (int)(strrchr(path, '/') - path), path);
	if (statfs(path, &filesystem) == 0 && filesystem.f_type == DEVPTS_SUPER_MAGIC)
		return;
	strncat(directory, "/pts", PATH_MAX - strlen(directory) - 1);
}

/* A holder of that number is none of ours if it is on another devpts, a container's. */
static bool is_holder(const struct terminal_holder *holder, uint32_t index, dev_t filesystem)
{
	dev_t found = holder->filesystem;

	if (holder->device != terminal_pseudo_device(index))
		return false;
	if (holder->is_master && terminal_holder_find_filesystem(holder, &found) < 0)
		return false;
	return found == filesystem;
}

static void check_index(struct restore *restore, const struct terminal_holders *holders,
			const struct pseudo_terminal *pseudo)
{
	char directory[PATH_MAX], path[PATH_MAX + 16], comm[128];
	struct stat st;

	find_directory(pseudo->image ? pseudo->image->path : TERMINALS_PTMX_PATH, directory);
	if (stat(directory, &st) < 0) {
		blockers_add(&restore->blockers,
			     "there is no '%s' for pseudo-terminal %u: mount devpts there", directory,
			     pseudo->index);
		return;
	}
	for (size_t i = 0; i < holders->items_count; i++) {
		const struct terminal_holder *holder = &holders->items[i];

		if (!is_holder(holder, pseudo->index, st.st_dev))
			continue;
		blockers_add(
			&restore->blockers,
			"pseudo-terminal %u is taken: '%s' (pid %d, fd %d) holds its %s; end that, or wait "
			"for its end",
			pseudo->index, printable(holder->comm, comm, sizeof(comm)), holder->pid, holder->fd,
			holder->is_master ? "master" : "slave");
		return;
	}
	snprintf(path, sizeof(path), "%s/%u", directory, pseudo->index);
	if (stat(path, &st) == 0)
		blockers_add(&restore->blockers,
			     "pseudo-terminal %u is taken by a process that cannot be seen from here",
			     pseudo->index);
}

static int check_indexes(struct restore *restore, const struct terminals *terminals)
{
	cleanup_(terminal_holders_done) struct terminal_holders holders = {0};
	int r;

	if (terminals->pseudos_count == 0)
		return 0;
	r = terminal_holders_read(&holders);
	if (r < 0)
		return log_error_errno(r, "cannot find out which pseudo-terminals are taken");
	for (size_t i = 0; i < terminals->pseudos_count; i++)
		check_index(restore, &holders, &terminals->pseudos[i]);
	return 0;
}

/* Who leads a session that has DEVICE already; 0: nobody. */
static int find_session(dev_t device, struct stat_info *ret_leader)
{
	cleanup_free int *pids = NULL;
	size_t count;
	int r = proc_list_numbers(AT_FDCWD, "/proc", &pids, &count);

	*ret_leader = (struct stat_info){0};
	for (size_t i = 0; r == 0 && i < count; i++) {
		cleanup_close int proc_fd = -EBADF;
		struct stat_info info;

		if (proc_open(pids[i], &proc_fd) < 0 || stat_read(proc_fd, &info) < 0)
			continue; /* it has ended, or is not to be seen */
		if (info.tty != 0 && terminal_decode_device((uint32_t)info.tty) == device) {
			*ret_leader = info;
			return 0;
		}
	}
	return r;
}

static int check_hosts(struct restore *restore, const struct terminals *terminals)
{
	for (size_t i = 0; i < terminals->hosts_count; i++) {
		const Cr__ControllingTerminal *image = terminals->hosts[i].image;
		struct stat_info leader;
		int r = find_session(image->device, &leader);
		char comm[128];

		if (r < 0)
			return log_error_errno(r, "cannot find out whose terminal '%s' is", image->path);
		if (leader.pid != 0)
			blockers_add(&restore->blockers,
				     "terminal '%s' was the controlling one of the program, and is now that "
				     "of '%s' (pid %d, session %d): end that session",
				     image->path, printable(leader.comm, comm, sizeof(comm)), leader.pid,
				     leader.sid);
	}
	return 0;
}

/* TIOCSTI, TIOCSLCKTRMIOS and TIOCVHANGUP are for the administrator, ioctl_tty(2). */
static bool needs_privilege(const struct pseudo_terminal *pseudo)
{
	const Cr__TerminalQueue *slave = pseudo->image ? pseudo->image->slave : NULL;

	if (!slave)
		return false;
	return slave->data.len > 0 || pseudo->image->master->waiting.len > 0 ||
	       (slave->is_stopped && !slave->is_stopped_by_call) || slave->is_literal_next ||
	       pseudo->image->settings->locked_characters.len > 0;
}

static bool is_hung_up(const struct object *object)
{
	return !terminals_is_master(object) && terminals_image(object)->is_hung_up &&
	       terminals_image(object)->ptmx_id != 0;
}

static void check_privilege(struct restore *restore, struct terminals *terminals)
{
	bool is_needed = false;

	for (size_t i = 0; i < terminals->pseudos_count; i++)
		is_needed |= needs_privilege(&terminals->pseudos[i]);
	for (size_t i = 0; i < terminals->ids_count; i++)
		is_needed |= is_hung_up(terminals_object(restore, i));
	if (is_needed && !kernel_features_has_cap(&restore->features, CAP_SYS_ADMIN))
		blockers_add(&restore->blockers,
			     "a pseudo-terminal with input that waits, locked settings or a hangup "
			     "takes CAP_SYS_ADMIN to be made again: run cr-restore as root");
}

static int compare_pseudos(const void *left, const void *right)
{
	const struct pseudo_terminal *a = left, *b = right;

	return (a->index > b->index) - (a->index < b->index);
}

int terminals_plan(struct restore *restore)
{
	struct terminals *terminals = terminals_get(restore);
	int r = terminals ? plan_masters(restore, terminals)
			  : log_error_errno(-ENOMEM, "cannot plan the terminals");

	if (r == 0)
		r = plan_ends(restore, terminals);
	for (size_t i = 0; r == 0 && i < restore->tasks_count; i++)
		r = plan_task(restore, terminals, restore->tasks[i].image);
	if (r < 0)
		return r;
	if (terminals->pseudos_count > 0)
		qsort(terminals->pseudos, terminals->pseudos_count, sizeof(terminals->pseudos[0]),
		      compare_pseudos);
	check_privilege(restore, terminals);
	r = check_indexes(restore, terminals);
	if (r == 0)
		r = check_hosts(restore, terminals);
	return r < 0 ? r : shell_terminal_plan(restore, &terminals->shell);
}
