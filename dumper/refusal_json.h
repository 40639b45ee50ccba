/* SPDX-License-Identifier: MIT */
/* What came of a dump, for programs: --json. */
#pragma once

#include "dumper/dump.h"

/* Prints one JSON document on standard output; its members are in cr-dump(8). 0, or a negative errno, logged.
 */
int must_check refusal_json_print(const struct dump *dump, int status);
