/* SPDX-License-Identifier: MIT */
/* What a valid signalfd is. */
#pragma once

#include "common/compiler.h"
#include "format/fd/signalfd.pb-c.h"

/* 0, or -EBADMSG and why in *ret_reason (static text). */
int must_check signalfd_check(const Cr__Signalfd *signalfd, const char **ret_reason);
