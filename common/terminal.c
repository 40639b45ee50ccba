/* SPDX-License-Identifier: MIT */
/* What can be asked of a terminal, and set. */
#include "common/terminal.h"

#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "common/cleanup.h"

/* Linux's devices.txt gives pseudo-terminals 136 to 143; the kernel uses the first, with larger minors. */
#define MAJOR_FIRST 136
#define MAJOR_LAST 143

_Static_assert(NCCS == TERMINAL_CHARACTERS, "struct termios2");

static int call(int fd, unsigned long request, void *argument)
{
	return ioctl(fd, request, argument) < 0 ? -errno : 0;
}

int terminal_read_modes(int fd, struct terminal_modes *ret)
{
	struct termios2 value;
	int r = call(fd, TCGETS2, &value);

	if (r < 0)
		return r;
	*ret = (struct terminal_modes){
		.input_flags = value.c_iflag,
		.output_flags = value.c_oflag,
		.control_flags = value.c_cflag,
		.local_flags = value.c_lflag,
		.line = value.c_line,
		.input_speed = value.c_ispeed,
		.output_speed = value.c_ospeed,
	};
	memcpy(ret->characters, value.c_cc, sizeof(ret->characters));
	return 0;
}

int terminal_read_settings(int fd, struct terminal_settings *ret)
{
	struct terminal_settings settings = {0};
	struct termios locked;
	struct winsize window;
	int r = terminal_read_modes(fd, &settings.modes);

	if (r == 0)
		r = call(fd, TIOCGLCKTRMIOS, &locked);
	if (r == 0)
		r = call(fd, TIOCGWINSZ, &window);
	if (r < 0)
		return r;
	settings.locked.input_flags = locked.c_iflag;
	settings.locked.output_flags = locked.c_oflag;
	settings.locked.control_flags = locked.c_cflag;
	settings.locked.local_flags = locked.c_lflag;
	memcpy(settings.locked.characters, locked.c_cc, sizeof(settings.locked.characters));
	settings.rows = window.ws_row;
	settings.columns = window.ws_col;
	settings.width_pixels = window.ws_xpixel;
	settings.height_pixels = window.ws_ypixel;
	*ret = settings;
	return 0;
}

int terminal_set_modes(int fd, const struct terminal_modes *modes)
{
	struct terminal_modes now;
	struct termios2 value = {
		.c_iflag = modes->input_flags,
		.c_oflag = modes->output_flags,
		.c_cflag = modes->control_flags,
		.c_lflag = modes->local_flags,
		.c_line = modes->line,
		.c_ispeed = modes->input_speed,
		.c_ospeed = modes->output_speed,
	};
	int r;

	memcpy(value.c_cc, modes->characters, sizeof(modes->characters));
	r = call(fd, TCSETS2, &value);
	if (r == 0)
		r = terminal_read_modes(fd, &now);
	return r == 0 && memcmp(&now, modes, sizeof(now)) != 0 ? -EINVAL : r;
}

int terminal_set_locked(int fd, const struct terminal_modes *locked)
{
	struct termios value = {
		.c_iflag = locked->input_flags,
		.c_oflag = locked->output_flags,
		.c_cflag = locked->control_flags,
		.c_lflag = locked->local_flags,
	};
	static const struct termios none;

	memcpy(value.c_cc, locked->characters, sizeof(locked->characters));
	return memcmp(&value, &none, sizeof(value)) == 0 ? 0 : call(fd, TIOCSLCKTRMIOS, &value);
}

int terminal_set_window(int fd, const struct terminal_settings *settings)
{
	struct winsize window = {
		.ws_row = settings->rows,
		.ws_col = settings->columns,
		.ws_xpixel = settings->width_pixels,
		.ws_ypixel = settings->height_pixels,
	};

	return call(fd, TIOCSWINSZ, &window);
}

void terminal_make_plain(struct terminal_modes *modes)
{
	modes->input_flags = 0;
	modes->output_flags = 0;
	modes->local_flags &= ICANON | EXTPROC;
	/* 0 is no character for all but these two, of which it is a number. */
	memset(modes->characters, 0, sizeof(modes->characters));
	modes->characters[VMIN] = 1;
}

bool terminal_has_external_processing(const struct terminal_modes *modes)
{
	return modes->local_flags & EXTPROC;
}

bool terminal_is_canonical(uint32_t local_flags)
{
	return (local_flags & ICANON) && !(local_flags & EXTPROC);
}

bool terminal_has_flow_control(uint32_t input_flags)
{
	return input_flags & IXON;
}

bool terminal_has_usual_flow_control(const struct terminal_modes *modes)
{
	return terminal_has_flow_control(modes->input_flags) && modes->characters[VSTOP] == TERMINAL_STOP &&
	       modes->characters[VSTART] == TERMINAL_START;
}

void terminal_set_usual_flow_control(struct terminal_modes *modes, bool is_on)
{
	modes->input_flags &= ~(uint32_t)IXON;
	if (!is_on)
		return;
	modes->input_flags |= IXON;
	modes->characters[VSTOP] = TERMINAL_STOP;
	modes->characters[VSTART] = TERMINAL_START;
}

dev_t terminal_decode_device(uint32_t encoded)
{
	return makedev(encoded >> 8 & 0xfff, (encoded & 0xff) | (encoded >> 12 & 0xfff00));
}

int terminal_device(int fd, dev_t *ret_device)
{
	uint32_t encoded;
	int r = call(fd, TIOCGDEV, &encoded);

	if (r == 0)
		*ret_device = terminal_decode_device(encoded);
	return r;
}

bool terminal_is_pseudo(dev_t device)
{
	return major(device) >= MAJOR_FIRST && major(device) <= MAJOR_LAST;
}

dev_t terminal_pseudo_device(unsigned index)
{
	return makedev(MAJOR_FIRST, index);
}

int terminal_get_number(int fd, unsigned long request, unsigned *ret_number)
{
	return call(fd, request, ret_number);
}

int terminal_find_slave(int master_fd, dev_t *ret_filesystem, int *ret_fd)
{
	cleanup_close int fd = ioctl(master_fd, TIOCGPTPEER, O_PATH | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	*ret_filesystem = st.st_dev;
	if (ret_fd)
		*ret_fd = take_fd(&fd);
	return 0;
}
