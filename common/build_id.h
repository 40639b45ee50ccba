/* SPDX-License-Identifier: MIT */
/* The build-id of an ELF file: its NT_GNU_BUILD_ID note, by which two builds of one program are told apart.
 */
#pragma once

#include "common/compiler.h"

/* SHA-1 has 20 bytes; linkers let the user choose. */
#define BUILD_ID_SIZE_MAX 64

/*
 * Reads the note through the program headers, so that stripped files do too. -ENOEXEC if FD is not a 64-bit
 * ELF file of this byte order, -ENOENT if it has no build-id (or one longer than BUILD_ID_SIZE_MAX), -EBADMSG
 * if it is damaged.
 */
int must_check build_id_read(int fd, unsigned char ret_id[BUILD_ID_SIZE_MAX], size_t *ret_size);
