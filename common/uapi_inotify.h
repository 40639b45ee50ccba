/* SPDX-License-Identifier: MIT */
/*
 * Which number the next watch of an inotify instance gets, or one above if that is taken (Linux 4.16, with
 * CONFIG_CHECKPOINT_RESTORE). Stated here because the headers of many systems are older than their kernel,
 * and cannot be included together with <sys/inotify.h>.
 */
#pragma once

#include <sys/ioctl.h>

#include "common/compiler.h"

#define UAPI_INOTIFY_SET_NEXT_WATCH _IOW('I', 0, int32_t)
