/* SPDX-License-Identifier: MIT */
/* Makes pseudo-terminals, and gives them to sessions. */
#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/vector.h"
#include "format/fd/terminal.h"
#include "restorer/fd/terminal_fill.h"
#include "restorer/fd/terminals.h"
#include "restorer/plan.h"

/* Descriptors that /dev/tty is opened for at a time. */
#define DEV_TTY_MAX 1024

/* The kernel gives out the lowest free number: those before the wanted one, until all have been made. */
struct fillers {
	int *fds;
	size_t fds_count, fds_capacity;
};

static void fillers_done(struct fillers *fillers)
{
	for (size_t i = 0; i < fillers->fds_count; i++)
		close_fd(&fillers->fds[i]);
	free(fillers->fds);
}

static int open_some_master(const struct pseudo_terminal *wanted, int *ret_fd, unsigned *ret_index)
{
	const char *path = wanted->image ? wanted->image->path : TERMINALS_PTMX_PATH;
	uint32_t flags = wanted->master ? wanted->master->image->flags & ~(uint32_t)O_ASYNC : O_RDWR;
	int fd = open(path, (int)flags | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	int r;

	if (fd < 0)
		return log_error_errno(-errno, "cannot open '%s'", path);
	r = terminal_get_number(fd, TIOCGPTN, ret_index);
	if (r < 0) {
		close(fd);
		return log_error_errno(r, "'%s' does not open pseudo-terminals", path);
	}
	*ret_fd = fd;
	return 0;
}

static int open_master(struct pseudo_terminal *pseudo, struct fillers *fillers)
{
	for (;;) {
		unsigned index = 0;
		int fd = -EBADF, *slot;
		int r = open_some_master(pseudo, &fd, &index);

		if (r < 0)
			return r;
		if (index == pseudo->index) {
			pseudo->master_fd = fd;
			return 0;
		}
		slot = vector_append(fillers, fds);
		if (!slot) {
			close(fd);
			return log_error_errno(-ENOMEM, "cannot make pseudo-terminals");
		}
		*slot = fd;
		if (index > pseudo->index)
			return log_error_errno(-EBUSY, "pseudo-terminal %u is taken", pseudo->index);
	}
}

/* FLAGS are those that the description has then. With O_CLOEXEC the kernel would go on showing it among them.
 */
static int open_peer(const struct pseudo_terminal *pseudo, int flags, int *ret_fd)
{
	int fd = ioctl(pseudo->master_fd, TIOCGPTPEER, flags);

	if (fd < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return log_error_errno(-errno, "cannot open the slave of pseudo-terminal %u", pseudo->index);
	*ret_fd = fd;
	return 0;
}

static int open_slave(const struct pseudo_terminal *pseudo, uint32_t flags, int *ret_fd)
{
	return open_peer(pseudo, (int)(flags & ~(uint32_t)O_ASYNC) | O_NOCTTY, ret_fd);
}

/* For an object. */
static uint32_t slave_flags(const struct object *object)
{
	return object->image->flags | (terminals_image(object)->has_close_on_exec ? O_CLOEXEC : 0);
}

int terminals_open_end(const struct pseudo_terminal *pseudo, const struct object *object, int *ret_fd)
{
	return open_slave(pseudo, slave_flags(object), ret_fd);
}

int terminals_open_node(const struct pseudo_terminal *pseudo, int *ret_fd)
{
	return open_peer(pseudo, O_PATH | O_NOFOLLOW, ret_fd);
}

/* Takes FD. */
static int keep_early(struct terminals *terminals, const struct object *object, int fd)
{
	struct early_end *slot = vector_append(terminals, early);

	if (!slot) {
		close(fd);
		return log_error_errno(-ENOMEM, "cannot keep a terminal open");
	}
	*slot = (struct early_end){object, fd};
	return 0;
}

static int set_node(const struct pseudo_terminal *pseudo, const Cr__TerminalNode *node)
{
	cleanup_close int fd = -EBADF;
	char path[32];
	struct stat st;
	int r = node ? terminals_open_node(pseudo, &fd) : -EBADMSG;

	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fstat(fd, &st) < 0)
		return log_error_errno(-errno, "cannot look at pseudo-terminal %u", pseudo->index);
	if ((st.st_uid != node->uid || st.st_gid != node->gid) &&
	    fchownat(fd, "", node->uid, node->gid, AT_EMPTY_PATH) < 0)
		return log_error_errno(-errno, "cannot give pseudo-terminal %u to user %u, group %u",
				       pseudo->index, node->uid, node->gid);
	if ((st.st_mode & 07777) != node->mode && chmod(path, node->mode) < 0)
		return log_error_errno(-errno, "cannot set the permissions of pseudo-terminal %u",
				       pseudo->index);
	return 0;
}

/* What a process does that has the terminal for a moment. Runs on a copy of our memory and in our table of
 * descriptors. */
static void open_dev_tty(int slave_fd, const int *flags, int *fds, size_t count)
{
	signal(SIGHUP, SIG_IGN); /* from the kernel, when it gives the terminal away again */
	if (setsid() < 0 || ioctl(slave_fd, TIOCSCTTY, 0) < 0)
		_exit(errno);
	for (size_t i = 0; i < count; i++) {
		fds[i] = open("/dev/tty", flags[i]);
		if (fds[i] < 0)
			_exit(errno);
	}
	_exit(ioctl(slave_fd, TIOCNOTTY) < 0 ? errno : 0);
}

static int run_dev_tty(int slave_fd, const int *flags, int *fds, size_t count)
{
	struct clone_args arguments = {.flags = CLONE_FILES, .exit_signal = SIGCHLD};
	pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
	int status;

	if (pid == 0)
		open_dev_tty(slave_fd, flags, fds, count);
	if (pid < 0)
		return -errno;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (!WIFEXITED(status))
		return -EIO;
	return -WEXITSTATUS(status);
}

static bool is_end_of(const struct object *object, const struct pseudo_terminal *pseudo)
{
	const Cr__Terminal *image = terminals_image(object);

	return !terminals_is_master(object) && image->place == CR__TERMINAL_PLACE__TERMINAL_PSEUDO &&
	       image->index == pseudo->index;
}

/* Of PSEUDO; with the number that none has, of what is gone. */
static bool is_dev_tty_of(const struct object *object, const struct pseudo_terminal *pseudo, bool is_hung_up)
{
	const Cr__Terminal *image = terminals_image(object);

	if (pseudo->index == TERMINAL_INDEX_LIMIT)
		return !terminals_is_master(object) && image->place == CR__TERMINAL_PLACE__TERMINAL_GONE;
	return is_end_of(object, pseudo) && image->is_by_dev_tty && image->is_hung_up == is_hung_up;
}

/*
 * The ends that were opened as /dev/tty: by a process whose controlling terminal it is meanwhile, for that of
 * the holder may have changed.
 */
static int open_by_dev_tty(struct restore *restore, struct terminals *terminals,
			   const struct pseudo_terminal *pseudo, bool is_hung_up)
{
	size_t size = DEV_TTY_MAX * (sizeof(int) + sizeof(int)), count = 0;
	int *flags = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const struct object *objects[DEV_TTY_MAX];
	int r = 0;

	if (flags == MAP_FAILED)
		return log_error_errno(-errno, "cannot open '/dev/tty'");
	for (size_t i = 0; i < terminals->ids_count && count < DEV_TTY_MAX; i++) {
		const struct object *object = terminals_object(restore, i);

		if (!is_dev_tty_of(object, pseudo, is_hung_up))
			continue;
		objects[count] = object;
		flags[count++] = (int)(object->image->flags & ~(uint32_t)O_ASYNC) | O_CLOEXEC;
	}
	if (count > 0)
		r = run_dev_tty(pseudo->slave_fd, flags, flags + DEV_TTY_MAX, count);
	if (r < 0)
		log_error_errno(r, "cannot open '/dev/tty' as pseudo-terminal %u", pseudo->index);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = keep_early(terminals, objects[i], flags[DEV_TTY_MAX + i]);
	munmap(flags, size);
	return r;
}

/* Opens what is to be hung up; *RET_HAS_ANY: there is some. */
static int open_hung_up(struct restore *restore, struct terminals *terminals,
			const struct pseudo_terminal *pseudo, bool *ret_has_any)
{
	*ret_has_any = false;
	for (size_t i = 0; i < terminals->ids_count; i++) {
		const struct object *object = terminals_object(restore, i);
		int fd, r = 0;

		if (!is_end_of(object, pseudo) || !terminals_image(object)->is_hung_up)
			continue;
		*ret_has_any = true;
		if (terminals_image(object)->is_by_dev_tty)
			continue;
		r = terminals_open_end(pseudo, object, &fd);
		if (r == 0)
			r = keep_early(terminals, object, fd);
		if (r < 0)
			return r;
	}
	return 0;
}

static const Cr__TerminalNode *find_node(struct restore *restore, const struct terminals *terminals,
					 const struct pseudo_terminal *pseudo)
{
	if (pseudo->image)
		return pseudo->image->node;
	for (size_t i = 0; i < terminals->ids_count; i++) {
		const struct object *object = terminals_object(restore, i);

		if (is_end_of(object, pseudo))
			return terminals_image(object)->node;
	}
	return NULL;
}

/* A slave descriptor of ours, to work with. */
static int open_work(struct pseudo_terminal *pseudo)
{
	return open_slave(pseudo, O_RDWR | O_NONBLOCK, &pseudo->slave_fd);
}

static int hang_up(struct restore *restore, struct terminals *terminals, struct pseudo_terminal *pseudo)
{
	bool has_any;
	int r = open_hung_up(restore, terminals, pseudo, &has_any);

	if (r < 0 || !has_any || !pseudo->image)
		return r;
	r = open_work(pseudo);
	if (r == 0)
		r = open_by_dev_tty(restore, terminals, pseudo, true);
	if (r == 0 && ioctl(pseudo->slave_fd, TIOCVHANGUP) < 0)
		r = log_error_errno(-errno, "cannot hang up pseudo-terminal %u", pseudo->index);
	close_fd(&pseudo->slave_fd);
	return r;
}

static int build(struct restore *restore, struct terminals *terminals, struct pseudo_terminal *pseudo)
{
	int unlocked = 0;
	int r;

	if (ioctl(pseudo->master_fd, TIOCSPTLCK, &unlocked) < 0)
		return log_error_errno(-errno, "cannot unlock pseudo-terminal %u", pseudo->index);
	r = set_node(pseudo, find_node(restore, terminals, pseudo));
	if (r == 0)
		r = hang_up(restore, terminals, pseudo);
	if (r < 0)
		return r;
	if (!pseudo->image) {
		close_fd(&pseudo->master_fd); /* which hangs it up */
		return 0;
	}
	if (pseudo->image->slave_state != CR__SLAVE_STATE__SLAVE_NEVER_OPENED)
		r = open_work(pseudo);
	if (r == 0)
		r = terminal_fill(pseudo);
	return r < 0 ? r : open_by_dev_tty(restore, terminals, pseudo, false);
}

static bool has_gone(struct restore *restore, const struct terminals *terminals,
		     const struct pseudo_terminal *pseudo)
{
	for (size_t i = 0; i < terminals->ids_count; i++)
		if (is_dev_tty_of(terminals_object(restore, i), pseudo, true))
			return true;
	return false;
}

/* By way of any pseudo-terminal, which does not stay. */
static int make_gone(struct restore *restore, struct terminals *terminals)
{
	struct pseudo_terminal pseudo = {
		.index = TERMINAL_INDEX_LIMIT,
		.master_fd = -EBADF,
		.slave_fd = -EBADF,
	};
	unsigned index;
	int unlocked = 0, r;

	if (!has_gone(restore, terminals, &pseudo))
		return 0;
	r = open_some_master(&pseudo, &pseudo.master_fd, &index);
	if (r == 0 && ioctl(pseudo.master_fd, TIOCSPTLCK, &unlocked) < 0)
		r = log_error_errno(-errno, "cannot unlock pseudo-terminal %u", index);
	if (r == 0)
		r = open_work(&pseudo);
	if (r == 0)
		r = open_by_dev_tty(restore, terminals, &pseudo, true);
	close_fd(&pseudo.slave_fd);
	close_fd(&pseudo.master_fd);
	return r;
}

static int open_host(struct host_terminal *host)
{
	const Cr__ControllingTerminal *image = host->image;
	struct stat st;

	host->fd = open(image->path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (host->fd < 0 || fstat(host->fd, &st) < 0)
		return log_error_errno(-errno, "cannot open terminal '%s'", image->path);
	return S_ISCHR(st.st_mode) && st.st_rdev == image->device
		       ? 0
		       : log_error_errno(-ENOTTY, "'%s' is no longer the terminal", image->path);
}

int terminals_create(struct restore *restore)
{
	cleanup_(fillers_done) struct fillers fillers = {0};
	struct terminals *terminals = terminals_get(restore);
	int r = 0;

	for (size_t i = 0; r == 0 && i < terminals->pseudos_count; i++)
		r = open_master(&terminals->pseudos[i], &fillers);
	for (size_t i = 0; r == 0 && i < terminals->pseudos_count; i++)
		r = build(restore, terminals, &terminals->pseudos[i]);
	if (r == 0)
		r = make_gone(restore, terminals);
	for (size_t i = 0; r == 0 && i < terminals->hosts_count; i++)
		r = open_host(&terminals->hosts[i]);
	return r;
}

/* Ours, and for now also of the puppets, of a leader's controlling terminal. */
static int controlling_fd(struct restore *restore, const Cr__ControllingTerminal *image)
{
	const struct terminals *terminals = terminals_get(restore);

	if (!terminals_is_of_host(image))
		return terminals_find_by_master(terminals, image->ptmx_id)->slave_fd;
	for (size_t i = 0; i < terminals->hosts_count; i++)
		if (terminals->hosts[i].image == image)
			return terminals->hosts[i].fd;
	return -EBADF;
}

int terminals_give(struct restore *restore, struct task *task)
{
	const Cr__ControllingTerminal *image = task->image->terminal;

	if (!image)
		return 0;
	batch_call(puppet_batch(task_puppet(task)), SYS_ioctl, (uint64_t)controlling_fd(restore, image),
		   TIOCSCTTY, 0);
	return puppet_run(task_puppet(task), "taking its controlling terminal");
}

static int set_foreground(struct restore *restore, struct task *task)
{
	const Cr__ControllingTerminal *image = task->image->terminal;
	struct batch *batch = puppet_batch(task_puppet(task));

	if (image->foreground_pgid == task->image->pid)
		return 0;
	batch_call(batch, SYS_ioctl, (uint64_t)controlling_fd(restore, image), TIOCSPGRP,
		   batch_data(batch, &image->foreground_pgid, sizeof(image->foreground_pgid)));
	return puppet_run(task_puppet(task), "choosing the foreground process group");
}

/* It has let go of the terminal that it has from the one that made it. */
static int leave_terminal(struct task *task)
{
	struct batch *batch = puppet_batch(task_puppet(task));
	unsigned opened = batch_call(batch, SYS_openat, (uint64_t)AT_FDCWD, batch_string(batch, "/dev/tty"),
				     O_RDWR | O_NOCTTY | O_CLOEXEC);

	batch_call(batch, SYS_ioctl, 0, TIOCNOTTY);
	batch_refer(batch, 0, opened);
	batch_call(batch, SYS_close, 0);
	batch_refer(batch, 0, opened);
	return puppet_run(task_puppet(task), "leaving the controlling terminal");
}

static bool has_session_terminal(struct restore *restore, const struct task *task)
{
	const struct task *leader = plan_find_task(restore, task->image->sid);

	if (leader)
		return leader->image->terminal;
	return restore->manifest->is_shell_job && task->image->sid == restore->tasks[0].image->sid &&
	       terminals_get(restore)->shell.is_own_controlling;
}

int terminals_settle(struct restore *restore)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < restore->tasks_count; i++) {
		struct task *task = &restore->tasks[i];
		const Cr__Process *image = task->image;

		LOG_SCOPE("pid %d", image->pid);
		if (image->zombie)
			continue;
		if (image->terminal && image->sid == image->pid)
			r = set_foreground(restore, task);
		else if (!image->terminal && has_session_terminal(restore, task))
			r = leave_terminal(task);
	}
	return r;
}

static bool is_exclusive(struct restore *restore, const struct terminals *terminals,
			 const struct pseudo_terminal *pseudo)
{
	for (size_t i = 0; i < terminals->ids_count; i++) {
		const struct object *object = terminals_object(restore, i);

		if (is_end_of(object, pseudo) && terminals_image(object)->is_exclusive)
			return true;
	}
	return false;
}

static int finish_pseudo(struct restore *restore, const struct terminals *terminals,
			 const struct pseudo_terminal *pseudo)
{
	int locked = 1;

	if (!pseudo->image)
		return 0;
	if (pseudo->slave_fd >= 0 && is_exclusive(restore, terminals, pseudo) &&
	    ioctl(pseudo->slave_fd, TIOCEXCL) < 0)
		return log_error_errno(-errno, "cannot make pseudo-terminal %u exclusive", pseudo->index);
	if (pseudo->image->is_exclusive && ioctl(pseudo->master_fd, TIOCEXCL) < 0)
		return log_error_errno(-errno, "cannot make the master of pseudo-terminal %u exclusive",
				       pseudo->index);
	if (pseudo->image->is_locked && ioctl(pseudo->master_fd, TIOCSPTLCK, &locked) < 0)
		return log_error_errno(-errno, "cannot lock pseudo-terminal %u", pseudo->index);
	return 0;
}

int terminals_finish(struct restore *restore)
{
	struct terminals *terminals = terminals_get(restore);

	for (size_t i = 0; i < terminals->pseudos_count; i++) {
		struct pseudo_terminal *pseudo = &terminals->pseudos[i];
		int r = finish_pseudo(restore, terminals, pseudo);

		if (r < 0)
			return r;
		close_fd(&pseudo->slave_fd);
		close_fd(&pseudo->master_fd);
	}
	for (size_t i = 0; i < terminals->hosts_count; i++)
		close_fd(&terminals->hosts[i].fd);
	return 0;
}
