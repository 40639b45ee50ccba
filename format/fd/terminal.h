/* SPDX-License-Identifier: MIT */
/* What a valid terminal is. */
#pragma once

#include "common/compiler.h"
#include "common/terminal.h"
#include "format/fd/terminal.pb-c.h"

/* Numbers of pseudo-terminals are below (Linux, NR_UNIX98_PTY_MAX). */
#define TERMINAL_INDEX_LIMIT (UINT32_C(1) << 20)

/* 0, or -EBADMSG and why in *ret_reason (static text). */
int must_check terminal_check(const Cr__Terminal *terminal, const char **ret_reason);
int must_check terminal_settings_check(const Cr__TerminalSettings *settings, const char **ret_reason);
int must_check terminal_node_check(const Cr__TerminalNode *node, const char **ret_reason);
int must_check terminal_path_check(const char *path, const char **ret_reason);

/* Of settings that have been checked. */
void terminal_settings_get(const Cr__TerminalSettings *settings, struct terminal_settings *ret);
