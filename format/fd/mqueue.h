/* SPDX-License-Identifier: MIT */
/* What a valid message queue is. */
#pragma once

#include "common/compiler.h"
#include "format/fd/mqueue.pb-c.h"

/* 0, or -EBADMSG and why in *ret_reason (static text). */
int must_check mqueue_check(const Cr__Mqueue *queue, const char **ret_reason);
