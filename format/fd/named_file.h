/* SPDX-License-Identifier: MIT */
/* What a valid file that is opened by its path is. */
#pragma once

#include "common/compiler.h"
#include "format/fd/named_file.pb-c.h"

/* 0, or -EBADMSG and why in *ret_reason (static text). */
int must_check named_file_check(const Cr__NamedFile *file, const char **ret_reason);
