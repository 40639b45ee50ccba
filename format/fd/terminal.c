/* SPDX-License-Identifier: MIT */
/* What a valid terminal is. */
#include "format/fd/terminal.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

static int refuse(const char *reason, const char **ret_reason)
{
	*ret_reason = reason;
	return -EBADMSG;
}

int terminal_path_check(const char *path, const char **ret_reason)
{
	if (path[0] != '/' || strnlen(path, PATH_MAX) >= PATH_MAX)
		return refuse("its path is not absolute, or too long", ret_reason);
	return 0;
}

int terminal_settings_check(const Cr__TerminalSettings *settings, const char **ret_reason)
{
	if (settings->characters.len != TERMINAL_CHARACTERS)
		return refuse("its special characters are not as many as there are", ret_reason);
	if (settings->locked_characters.len != 0 && settings->locked_characters.len != TERMINAL_CHARACTERS)
		return refuse("its locked characters are not as many as there are", ret_reason);
	if (settings->line > UINT8_MAX)
		return refuse("its line discipline is not valid", ret_reason);
	if ((settings->rows | settings->columns | settings->width_pixels | settings->height_pixels) >
	    UINT16_MAX)
		return refuse("its window is too large", ret_reason);
	return 0;
}

void terminal_settings_get(const Cr__TerminalSettings *settings, struct terminal_settings *ret)
{
	*ret = (struct terminal_settings){
		.modes =
			{
				.input_flags = settings->input_flags,
				.output_flags = settings->output_flags,
				.control_flags = settings->control_flags,
				.local_flags = settings->local_flags,
				.line = (uint8_t)settings->line,
				.input_speed = settings->input_speed,
				.output_speed = settings->output_speed,
			},
		.locked =
			{
				.input_flags = settings->locked_input_flags,
				.output_flags = settings->locked_output_flags,
				.control_flags = settings->locked_control_flags,
				.local_flags = settings->locked_local_flags,
			},
		.rows = (uint16_t)settings->rows,
		.columns = (uint16_t)settings->columns,
		.width_pixels = (uint16_t)settings->width_pixels,
		.height_pixels = (uint16_t)settings->height_pixels,
	};
	memcpy(ret->modes.characters, settings->characters.data, TERMINAL_CHARACTERS);
	if (settings->locked_characters.len > 0)
		memcpy(ret->locked.characters, settings->locked_characters.data, TERMINAL_CHARACTERS);
}

int terminal_node_check(const Cr__TerminalNode *node, const char **ret_reason)
{
	return node->mode & ~UINT32_C(07777) ? refuse("its node has a mode that is not valid", ret_reason)
					     : 0;
}

static int check_pseudo(const Cr__Terminal *terminal, const char **ret_reason)
{
	if (terminal->index >= TERMINAL_INDEX_LIMIT)
		return refuse("its number is too large", ret_reason);
	if (terminal->ptmx_id != 0)
		return 0;
	if (!terminal->is_hung_up || terminal->is_by_dev_tty)
		return refuse("its other end is closed, and it is not hung up", ret_reason);
	if (!terminal->node)
		return refuse("its node is missing", ret_reason);
	return terminal_node_check(terminal->node, ret_reason);
}

int terminal_check(const Cr__Terminal *terminal, const char **ret_reason)
{
	int r = terminal_path_check(terminal->path, ret_reason);

	if (r < 0)
		return r;
	if (terminal->place == CR__TERMINAL_PLACE__TERMINAL_PSEUDO)
		return check_pseudo(terminal, ret_reason);
	if (terminal->place == CR__TERMINAL_PLACE__TERMINAL_GONE)
		return terminal->is_hung_up && terminal->is_by_dev_tty
			       ? 0
			       : refuse("it is gone, but not hung up, or no /dev/tty", ret_reason);
	if (terminal->place != CR__TERMINAL_PLACE__TERMINAL_SHELL &&
	    terminal->place != CR__TERMINAL_PLACE__TERMINAL_DEVICE)
		return refuse("where it belongs is not known", ret_reason);
	if (terminal->is_hung_up)
		return refuse("it is hung up, but no pseudo-terminal", ret_reason);
	if (!terminal->settings)
		return refuse("its settings are missing", ret_reason);
	return terminal_settings_check(terminal->settings, ret_reason);
}
