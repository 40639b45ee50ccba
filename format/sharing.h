/* SPDX-License-Identifier: MIT */
/* What processes may share with each other, other than as threads of one: clone(2). */
#pragma once

enum shared_resource {
	SHARED_MEMORY,   /* CLONE_VM */
	SHARED_FILES,    /* CLONE_FILES: the table of descriptors */
	SHARED_FS,       /* CLONE_FS: working directory, root, umask */
	SHARED_HANDLERS, /* CLONE_SIGHAND */
	SHARED_COUNT
};
