/* SPDX-License-Identifier: MIT */
/* What a valid master of a pseudo-terminal is. */
#pragma once

#include "common/compiler.h"
#include "format/fd/ptmx.pb-c.h"

/* 0, or -EBADMSG and why in *ret_reason (static text). */
int must_check ptmx_check(const Cr__Ptmx *ptmx, const char **ret_reason);
