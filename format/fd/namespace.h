/* SPDX-License-Identifier: MIT */
/* What a valid file of a namespace is. */
#pragma once

#include "common/compiler.h"
#include "common/proc/ns_links.h"
#include "format/fd/namespace.pb-c.h"

/* 0 and which one; or -EBADMSG and why in *ret_reason (static text). */
int must_check namespace_check(const Cr__Namespace *entry, enum ns_link *ret_link, const char **ret_reason);
