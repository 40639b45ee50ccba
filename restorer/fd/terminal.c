/* SPDX-License-Identifier: MIT */
/* Slaves of pseudo-terminals, /dev/tty, consoles and serial lines, at restore. */
#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "format/fd/terminal.h"
#include "restorer/fd/terminals.h"

#define FLAGS_REFUSED (O_PATH | O_DIRECTORY)

static int terminal_read(struct restore *restore, struct object *object, const char **ret_reason)
{
	if (object->image->flags & FLAGS_REFUSED || object->image->position != 0) {
		*ret_reason = "it cannot be open like this";
		return -EBADMSG;
	}
	if (terminal_check(terminals_image(object), ret_reason) < 0)
		return -EBADMSG;
	return terminals_add(restore, object);
}

/* True if it was open before. */
static bool take_early(struct terminals *terminals, const struct object *object, int *ret_fd)
{
	for (size_t i = 0; i < terminals->early_count; i++) {
		if (terminals->early[i].object != object)
			continue;
		*ret_fd = take_fd(&terminals->early[i].fd);
		return true;
	}
	return false;
}

static int open_pseudo(struct terminals *terminals, const struct object *object, int *ret_fd)
{
	const Cr__Terminal *image = terminals_image(object);
	const struct pseudo_terminal *pseudo = terminals_find(terminals, image->index);

	if (take_early(terminals, object, ret_fd))
		return 0;
	return terminals_open_end(pseudo, object, ret_fd);
}

static int open_device(const struct object *object, int *ret_fd)
{
	const Cr__Terminal *image = terminals_image(object);
	uint32_t flags = object->image->flags & ~(uint32_t)O_ASYNC;
	cleanup_close int fd = open(image->path, (int)flags | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	struct terminal_settings settings;
	struct stat st;
	int r = 0;

	if (fd < 0)
		return log_error_errno(-errno, "cannot open terminal '%s'", image->path);
	if (fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != image->device)
		return log_error_errno(-ESTALE, "'%s' is not the terminal that it was", image->path);
	terminal_settings_get(image->settings, &settings);
	if (!image->is_shared)
		r = terminal_set_modes(fd, &settings.modes);
	if (r < 0)
		return log_error_errno(r, "terminal '%s' does not take the settings that it had",
				       image->path);
	if (image->is_exclusive && ioctl(fd, TIOCEXCL) < 0)
		return log_error_errno(-errno, "cannot make terminal '%s' exclusive", image->path);
	*ret_fd = take_fd(&fd);
	return 0;
}

/* All that are so have been opened. */
static int open_gone(struct terminals *terminals, const struct object *object, int *ret_fd)
{
	return take_early(terminals, object, ret_fd)
		       ? 0
		       : log_error_errno(-EMFILE, "too many descriptors of '/dev/tty' are hung up");
}

static int terminal_open(struct restore *restore, const struct object *object, int *ret_fd)
{
	const Cr__Terminal *image = terminals_image(object);
	struct terminals *terminals = terminals_get(restore);

	switch (image->place) {
	case CR__TERMINAL_PLACE__TERMINAL_PSEUDO:
		return open_pseudo(terminals, object, ret_fd);
	case CR__TERMINAL_PLACE__TERMINAL_SHELL:
		return shell_terminal_open(&terminals->shell, object->image->flags, image->is_by_dev_tty,
					   ret_fd);
	case CR__TERMINAL_PLACE__TERMINAL_GONE:
		return open_gone(terminals, object, ret_fd);
	default:
		return open_device(object, ret_fd);
	}
}

const struct fd_restorer terminal_fd_restorer = {
	.name = "terminal",
	.read = terminal_read,
	.open = terminal_open,
};
