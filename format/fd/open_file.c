/* SPDX-License-Identifier: MIT */
/* What a valid open file description is. */
#include "format/fd/open_file.h"

#include <errno.h>

/* _NSIG of the kernel: signals are 1 to 64. */
#define SIGNAL_MAX 64

static int refuse(const char *reason, const char **ret_reason)
{
	*ret_reason = reason;
	return -EBADMSG;
}

int open_file_check(const Cr__OpenFile *file, const char **ret_reason)
{
	const Cr__FileOwner *owner = file->owner;

	if (file->id == 0)
		return refuse("it has no id", ret_reason);
	if (file->flags & ~(uint32_t)OPEN_FILE_FLAGS)
		return refuse("it has unknown flags", ret_reason);
	if (file->flags & O_PATH && file->flags & ~(uint32_t)(O_PATH | O_DIRECTORY | O_NOFOLLOW))
		return refuse("it is a mere path and has other flags", ret_reason);
	if (file->position < 0)
		return refuse("its position is negative", ret_reason);
	if (!owner)
		return 0;
	if (file->flags & O_PATH)
		return refuse("it is a mere path and has an owner", ret_reason);
	if (owner->type < F_OWNER_TID || owner->type > F_OWNER_PGRP || owner->id < 0)
		return refuse("its owner is not valid", ret_reason);
	if (owner->signal < 0 || owner->signal > SIGNAL_MAX)
		return refuse("its signal is not valid", ret_reason);
	return 0;
}
