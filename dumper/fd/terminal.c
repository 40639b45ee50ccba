/* SPDX-License-Identifier: MIT */
/* Slaves of pseudo-terminals, /dev/tty, consoles and serial lines, at dump. */
#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kd.h>
#include <linux/vt.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "dumper/fd/terminals.h"

/* Linux's devices.txt */
#define TTY_MAJOR 4
#define MISC_MAJOR 10
#define TTYAUX_MAJOR 5
#define VIRTUAL_CONSOLES 64
#define DEV_TTY makedev(TTYAUX_MAJOR, 0)
#define DEV_PTMX makedev(TTYAUX_MAJOR, 2)

#define DELETED_SUFFIX " (deleted)"

/* Whatever answers as a terminal: with settings, or that it is hung up. */
static bool terminal_matches(const struct fd_info *info)
{
	dev_t device = info->stat.st_rdev;
	struct terminal_modes modes;
	int r;

	if (!S_ISCHR(info->stat.st_mode) || info->flags & O_PATH || device == DEV_PTMX)
		return false;
	if (terminal_is_pseudo(device) || device == DEV_TTY)
		return true;
	/* None is a terminal, and /dev/btrfs-control says yes to whatever it is asked. */
	if (major(device) == MISC_MAJOR)
		return false;
	r = terminal_read_modes(info->our_fd, &modes);
	return r == 0 || (r == -EIO && (major(device) == TTY_MAJOR || major(device) == TTYAUX_MAJOR));
}

static int collect_identity(struct dump *dump, struct terminal_end *end, const struct fd_info *info)
{
	struct terminals *terminals = terminals_get(dump);
	uint64_t other;
	int r;

	if (!terminals)
		return -ENOMEM;
	terminals_open_queues(terminals);
	if (!terminals->queues)
		return 0;
	r = terminal_queues_identify(terminals->queues, info->our_fd, &end->identity, &other);
	return r < 0 ? log_error_errno(r, "cannot tell which terminal it is") : 0;
}

/* The state of a virtual console that is more than that of a terminal (ioctl_console(2)). */
static bool has_console_state(int our_fd)
{
	struct vt_mode switching = {0};
	int drawing = KD_TEXT, keyboard = K_UNICODE;

	(void)ioctl(our_fd, VT_GETMODE, &switching);
	(void)ioctl(our_fd, KDGETMODE, &drawing);
	(void)ioctl(our_fd, KDGKBMODE, &keyboard);
	return switching.mode != VT_AUTO || drawing != KD_TEXT ||
	       (keyboard != K_UNICODE && keyboard != K_XLATE);
}

static void check_device(struct dump *dump, struct terminal_end *end, const struct fd_info *info)
{
	struct pollfd look = {.fd = info->our_fd, .events = POLLOUT};
	int waiting = 0;

	(void)ioctl(info->our_fd, FIONREAD, &waiting);
	end->has_input = waiting > 0;
	end->is_blocked = poll(&look, 1, 0) == 0;
	if (major(end->device) == TTY_MAJOR && minor(end->device) < VIRTUAL_CONSOLES &&
	    has_console_state(info->our_fd))
		blockers_add(
			&dump->blockers,
			"virtual console '%s' is in a graphics, raw keyboard or switching mode, which cannot "
			"be preserved",
			end->path);
}

static int collect_live(struct dump *dump, struct terminal_end *end, const struct fd_info *info)
{
	struct terminal_settings settings;
	unsigned exclusive = 0;
	int r = terminal_device(info->our_fd, &end->device);

	if (!terminals_check_discipline(dump, info->our_fd, end->path))
		return 0;
	if (r == 0)
		r = terminal_read_settings(info->our_fd, &settings);
	if (r == 0)
		r = terminal_get_number(info->our_fd, TIOCGEXCL, &exclusive);
	if (r < 0)
		return log_error_errno(r, "cannot ask for the settings of the terminal");
	end->terminal->is_exclusive = exclusive;
	end->terminal->settings = terminals_settings(dump, &settings);
	if (!end->terminal->settings)
		return log_error_errno(-ENOMEM, "cannot note it");
	check_device(dump, end, info);
	return 0;
}

static int collect_hung_up(struct dump *dump, struct terminal_end *end, const struct fd_info *info)
{
	end->terminal->is_hung_up = true;
	end->terminal->node = terminals_node(dump, &info->stat);
	/* /dev/tty does not tell any more which terminal it was. */
	end->device = info->stat.st_rdev == DEV_TTY ? 0 : info->stat.st_rdev;
	return end->terminal->node ? 0 : log_error_errno(-ENOMEM, "cannot note it");
}

/* The path without the mark that the kernel adds for a node that is gone; that of a pseudo-terminal goes with
 * its master. */
static const char *node_path(struct dump *dump, const struct fd_info *info, bool is_hung_up)
{
	size_t length = strlen(info->link), suffix = strlen(DELETED_SUFFIX);

	if (is_hung_up && length > suffix && strcmp(info->link + length - suffix, DELETED_SUFFIX) == 0)
		length -= suffix;
	return arena_format(&dump->arena, "%.*s", (int)length, info->link);
}

static int terminal_collect(struct dump *dump, const struct process *process, const struct fd_info *info,
			    struct open_file *file)
{
	struct terminal_end *end = terminals_add(dump, process, info, file);
	Cr__Terminal *entry = arena_new(&dump->arena, Cr__Terminal);
	struct terminal_modes modes;
	bool is_hung_up;
	int r;

	if (!end || !entry)
		return log_error_errno(-ENOMEM, "cannot note it");
	cr__terminal__init(entry);
	end->terminal = entry;
	is_hung_up = terminal_read_modes(info->our_fd, &modes) == -EIO;
	entry->path = (char *)node_path(dump, info, is_hung_up);
	if (!entry->path)
		return log_error_errno(-ENOMEM, "cannot note it");
	end->path = fd_info_printable(entry->path, &dump->arena);
	entry->is_by_dev_tty = info->stat.st_rdev == DEV_TTY;
	entry->device = info->stat.st_rdev;
	entry->has_close_on_exec = fcntl(info->our_fd, F_GETFL) & O_CLOEXEC;
	end->filesystem = entry->is_by_dev_tty ? 0 : info->stat.st_dev;
	file->entry = &entry->base;
	file->description = end->path;
	r = is_hung_up ? collect_hung_up(dump, end, info) : collect_live(dump, end, info);
	return r < 0 ? r : collect_identity(dump, end, info);
}

const struct fd_dumper terminal_fd_dumper = {
	.name = "terminal",
	.matches = terminal_matches,
	.collect = terminal_collect,
};
