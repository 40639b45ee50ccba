/* SPDX-License-Identifier: MIT */
/* Telling from the end of a file whether an archive is complete. */
#pragma once

#include "common/compiler.h"
#include "format/archive_reader.h"
#include "format/frames.h"

/* archive_reader_check_complete() of the seekable file FD, which stands at the archive's start. */
int must_check archive_check_complete(int fd, struct frame_decompressor *decompressor,
				      struct archive_extent *ret_extent);
