/* SPDX-License-Identifier: MIT */
/* What a valid pidfd is. */
#pragma once

#include "common/compiler.h"
#include "format/fd/pidfd.pb-c.h"

/* 0, or -EBADMSG and why in *ret_reason (static text). Whether the process is there is not looked at. */
int must_check pidfd_check(const Cr__Pidfd *pidfd, const char **ret_reason);
