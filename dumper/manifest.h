/* SPDX-License-Identifier: MIT */
/* The manifest of an archive: what a host must have and a user must know before anything is unpacked. */
#pragma once

#include "dumper/dump.h"

/*
 * Fills dump->manifest (made here unless it is there) with the host, the command line, and all of
 * dump->processes and dump->files; call it when these are complete, for they are only referred to.
 */
int must_check manifest_collect(struct dump *dump, int argc, char **argv);
