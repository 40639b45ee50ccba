/* SPDX-License-Identifier: MIT */
/* The AIO contexts of processes, io_setup(2). */
#pragma once

#include "dumper/dump.h"

/*
 * When all mappings and descriptors are known: waits for the requests in flight, and fills in the contexts of
 * each address space. Adds a blocker if they do not come to an end, or if that cannot be told.
 */
int must_check aio_collect(struct dump *dump);
