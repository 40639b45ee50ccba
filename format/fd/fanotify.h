/* SPDX-License-Identifier: MIT */
/* What a valid fanotify group is. */
#pragma once

#include "common/compiler.h"
#include "format/fd/fanotify.pb-c.h"

/* Flags of fanotify_init(2) and of marks that can be given again, as numbers: they are newer than many
 * headers. Of the first all but the classes that decide (FAN_CLASS_CONTENT), and mounts (FAN_REPORT_MNT). */
#define FANOTIFY_FLAGS_KNOWN 0x00003ff3U
#define FANOTIFY_MARK_FLAGS_KNOWN 0x00000640U

/* 0, or -EBADMSG and why in *ret_reason (static text). Whether the ids are there is not looked at. */
int must_check fanotify_check(const Cr__Fanotify *group, const char **ret_reason);
