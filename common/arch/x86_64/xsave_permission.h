/* SPDX-License-Identifier: MIT */
/*
 * Processor state that a program has to ask for before it may use it (arch_prctl(2), ARCH_REQ_XCOMP_PERM, and
 * the kernel's Documentation/arch/x86/xstate.rst): the tiles of AMX. The permission is its process's. Room
 * for the state is made for a thread when it uses it for the first time; before that none can be set.
 */
#pragma once

#define ARCH_GET_XSAVE_SUPPORTED 0x1021
#define ARCH_GET_XSAVE_PERMISSION 0x1022
#define ARCH_REQUEST_XSAVE_PERMISSION 0x1023

#define XSAVE_FEATURE_TILES 18

/* Code that uses a tile, gives it back and traps: ldtilecfg, tilezero %tmm0, tilerelease, int3. */
#define TILES_CODE                                                                                           \
	{                                                                                                    \
		0xc4, 0xe2, 0x78, 0x49, 0x05, 0x0b, 0x00, 0x00, 0x00, 0xc4, 0xe2, 0x7b, 0x49, 0xc0, 0xc4,    \
			0xe2, 0x78, 0x49, 0xc0, 0xcc, /* and the configuration, of one byte: */              \
			[TILES_CONFIGURATION_AT] = 1, [TILES_CONFIGURATION_AT + 16] = 4,                     \
			[TILES_CONFIGURATION_AT + 48] = 1, [TILES_CODE_SIZE - 1] = 0                         \
	}
#define TILES_CONFIGURATION_AT 20
#define TILES_CODE_SIZE (TILES_CONFIGURATION_AT + 64)
