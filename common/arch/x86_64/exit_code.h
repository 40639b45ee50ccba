/* SPDX-License-Identifier: MIT */
/* The machine code of a program that does nothing but end. */
#pragma once

#include <elf.h>

#define EXIT_CODE_MACHINE EM_X86_64

/* xor edi, edi; mov eax, 231 (exit_group); syscall */
#define EXIT_CODE                                                                                            \
	{                                                                                                    \
		0x31, 0xff, 0xb8, 0xe7, 0x00, 0x00, 0x00, 0x0f, 0x05                                         \
	}
