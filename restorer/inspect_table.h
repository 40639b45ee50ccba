/* SPDX-License-Identifier: MIT */
/* A manifest as a person reads it. */
#pragma once

#include "format/archive_reader.h"
#include "format/manifest.pb-c.h"

/*
 * Writes to standard output; the caller looks for errors there. NAME is the archive's; EXTENT is all 0 if it
 * is not known. -ENOMEM, logged.
 */
int must_check inspect_table_print(const char *name, const Cr__Manifest *manifest,
				   const struct archive_extent *extent);
