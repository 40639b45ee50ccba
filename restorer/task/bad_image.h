/* SPDX-License-Identifier: MIT */
/* The one way in which the aspects of a task say that an image is not valid. */
#pragma once

#include <errno.h>

#include "common/log.h"

/* Logs what is wrong and is -EBADMSG. */
#define bad_image(...) (log_error("bad archive: " __VA_ARGS__), -EBADMSG)
