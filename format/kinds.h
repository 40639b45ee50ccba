/* SPDX-License-Identifier: MIT */
/* The kinds of open files (kinds.def) as numbers: FD_KIND_regular and so on. */
#pragma once

enum fd_kind {
#define FD_KIND(name, type, prefix) FD_KIND_##name,
#include "format/kinds.def"
#undef FD_KIND
	FD_KIND_COUNT
};
