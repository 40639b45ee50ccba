/* SPDX-License-Identifier: MIT */
/* The terminal of the shell that cr-restore was started from. */
#include "restorer/fd/shell_terminal.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/proc/proc_dir.h"
#include "common/proc/stat.h"
#include "restorer/fd/terminals.h"
#include "restorer/plan.h"

#define DEV_TTY "/dev/tty"

static int own_terminal(dev_t *ret_device)
{
	cleanup_close int proc_fd = -EBADF;
	struct stat_info stat;
	int r = proc_open(getpid(), &proc_fd);

	if (r == 0)
		r = stat_read(proc_fd, &stat);
	if (r == 0)
		*ret_device = terminal_decode_device((uint32_t)stat.tty);
	return r;
}

/* Standard input, output or error, if it is the controlling terminal, or any when there is none. */
static void find_terminal(struct shell_terminal *shell, dev_t controlling)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		dev_t device;

		if (terminal_device(fd, &device) < 0 || (controlling != 0 && device != controlling))
			continue;
		snprintf(shell->path, sizeof(shell->path), "/proc/self/fd/%d", fd);
		return;
	}
	if (controlling != 0)
		snprintf(shell->path, sizeof(shell->path), DEV_TTY);
}

int shell_terminal_plan(struct restore *restore, struct shell_terminal *shell)
{
	dev_t controlling = 0;
	int r;

	if (!shell->is_wanted && !restore->manifest->is_shell_job && !restore->tasks[0].image->terminal)
		return 0; /* none of what follows is needed */
	r = own_terminal(&controlling);
	if (r < 0)
		return log_error_errno(r, "cannot find out what the terminal is");
	shell->is_own_controlling = controlling != 0;
	find_terminal(shell, controlling);
	if (shell->is_wanted && (!shell->path[0] || (shell->is_controlling && controlling == 0)))
		blockers_add(&restore->blockers,
			     "the program was dumped with --shell-job and uses the terminal of its "
			     "shell, but cr-restore has %s terminal: start it from a shell in one",
			     shell->path[0] ? "no controlling" : "no");
	if (restore->manifest->is_shell_job && restore->options->is_detached &&
	    restore->tasks[0].image->stop_signal != 0)
		blockers_add(&restore->blockers,
			     "the program is stopped; as soon as cr-restore has left (-d), the kernel "
			     "would end it by SIGHUP: leave out -d");
	return 0;
}

int shell_terminal_open(const struct shell_terminal *shell, uint32_t flags, bool is_by_dev_tty, int *ret_fd)
{
	const char *path = is_by_dev_tty && shell->is_own_controlling ? DEV_TTY : shell->path;
	int fd = open(path, (int)(flags & ~(uint32_t)O_ASYNC) | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return log_error_errno(-errno, "cannot open the terminal of cr-restore");
	*ret_fd = fd;
	return 0;
}

static struct shell_terminal *get(struct restore *restore)
{
	return &terminals_get(restore)->shell;
}

/* SIGTTOU, which a background process gets for this, is blocked. */
static int set_group(const struct shell_terminal *shell, pid_t group)
{
	sigset_t set, old;
	int r;

	sigemptyset(&set);
	sigaddset(&set, SIGTTOU);
	sigprocmask(SIG_BLOCK, &set, &old);
	r = ioctl(shell->fd, TIOCSPGRP, &group) < 0 ? -errno : 0;
	sigprocmask(SIG_SETMASK, &old, NULL);
	return r;
}

static bool is_in_foreground(const struct shell_terminal *shell)
{
	pid_t group = 0;

	return ioctl(shell->fd, TIOCGPGRP, &group) == 0 && group == getpgrp();
}

static int hand_over(struct shell_terminal *shell)
{
	int r = terminal_read_modes(shell->fd, &shell->own_modes);

	if (r == 0 && shell->has_modes)
		r = terminal_set_modes(shell->fd, &shell->modes);
	return r < 0 ? r : set_group(shell, shell->group);
}

/* The size of the window may be another, and what stands in it is. */
static void announce_window(struct restore *restore, pid_t group)
{
	for (size_t i = 0; i < restore->tasks_count; i++)
		if (restore->tasks[i].image->pgid == group && !restore->tasks[i].image->zombie)
			kill(restore->tasks[i].image->pid, SIGWINCH);
}

int shell_terminal_hand(struct restore *restore, pid_t group)
{
	struct shell_terminal *shell = get(restore);
	int r;

	shell->fd = open(shell->path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (shell->fd < 0)
		return log_error_errno(-errno, "cannot open the terminal of cr-restore");
	if (!is_in_foreground(shell)) {
		close_fd(&shell->fd);
		return 0;
	}
	shell->group = group;
	r = hand_over(shell);
	return r < 0 ? log_error_errno(r, "cannot give the terminal to the program") : 1;
}

/* The group that had the terminal; 0 if it was none of the program's, or it cannot have it. */
static pid_t foreground_group(const struct restore *restore)
{
	const Cr__Process *root = restore->tasks[0].image;

	if (!root->terminal || root->terminal->ptmx_id != 0 || restore->options->is_detached)
		return 0;
	return root->terminal->foreground_pgid;
}

int shell_terminal_give(struct restore *restore)
{
	pid_t group = foreground_group(restore);
	/* A group led from outside is now that of cr-restore. */
	bool is_own = group != 0 && !plan_find_task(restore, group);
	int r;

	if (group == 0)
		return 0;
	if (restore->pid_namespace->is_inside)
		r = pid_namespace_hand_terminal(restore->pid_namespace, is_own ? 0 : group);
	else
		r = shell_terminal_hand(restore, is_own ? getpgrp() : group);
	if (r > 0)
		announce_window(restore, group);
	return MIN(r, 0);
}

void shell_terminal_take_back(struct restore *restore, bool has_failed)
{
	struct shell_terminal *shell = get(restore);

	if (!shell || shell->fd < 0 || shell->group == 0)
		return;
	(void)!set_group(shell, getpgrp());
	if (has_failed)
		(void)!terminal_set_modes(shell->fd, &shell->own_modes);
	shell->group = 0;
}

void shell_terminal_suspend(struct restore *restore, int signal)
{
	struct shell_terminal *shell = get(restore);
	pid_t group = shell->group;

	log_debug("the program was stopped by SIG%s", sigabbrev_np(signal));
	if (group != 0) {
		shell->has_modes = terminal_read_modes(shell->fd, &shell->modes) == 0;
		shell_terminal_take_back(restore, true);
	}
	kill(getpid(), SIGSTOP);
	if (group != 0 && is_in_foreground(shell)) {
		shell->group = group;
		(void)!hand_over(shell);
	}
}

void shell_terminal_continue(pid_t root)
{
	pid_t group = getpgid(root);

	if (group > 0 && group != getpgrp())
		kill(-group, SIGCONT);
}
