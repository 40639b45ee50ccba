/* SPDX-License-Identifier: MIT */
/* A manifest as JSON (RFC 8259), for programs. */
#pragma once

#include "format/archive_reader.h"
#include "format/manifest.pb-c.h"

/* Writes to standard output; the caller looks for errors. EXTENT is all 0 if it is not known. */
void inspect_json_print(const Cr__Manifest *manifest, const struct archive_extent *extent);
