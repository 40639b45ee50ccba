/* SPDX-License-Identifier: MIT */
/* The version of the archive format, in Manifest.format_version. */
#pragma once

/* Bumped when an older reader would misread; what an older reader would only miss is a required feature
 * instead. */
#define ARCHIVE_FORMAT_VERSION 1
