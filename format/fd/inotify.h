/* SPDX-License-Identifier: MIT */
/* What a valid inotify instance is. */
#pragma once

#include "common/compiler.h"
#include "format/fd/inotify.pb-c.h"

/* 0, or -EBADMSG and why in *ret_reason (static text). Whether the ids are there is not looked at. */
int must_check inotify_check(const Cr__Inotify *inotify, const char **ret_reason);
