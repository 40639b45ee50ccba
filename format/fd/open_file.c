/* SPDX-License-Identifier: MIT */
/* What a valid open file description is. */
#include "format/fd/open_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/* _NSIG of the kernel: signals are 1 to 64. */
#define SIGNAL_MAX 64

static int refuse(const char *reason, const char **ret_reason)
{
	*ret_reason = reason;
	return -EBADMSG;
}

static int locks_check(const Cr__OpenFile *file, const char **ret_reason)
{
	for (size_t i = 0; i < file->n_locks; i++) {
		const Cr__FileLock *lock = file->locks[i];
		bool is_range = lock->kind == CR__FILE_LOCK_KIND__FILE_LOCK_POSIX ||
				lock->kind == CR__FILE_LOCK_KIND__FILE_LOCK_OFD;

		if ((unsigned)lock->kind > CR__FILE_LOCK_KIND__FILE_LOCK_LEASE)
			return refuse("it has a lock of an unknown kind", ret_reason);
		if ((lock->is_breaking && lock->kind != CR__FILE_LOCK_KIND__FILE_LOCK_LEASE) ||
		    (lock->may_stay_read && !(lock->is_breaking && lock->is_write)))
			return refuse("it has a lock that cannot be given up so", ret_reason);
		if (is_range && (lock->start > lock->end || lock->end > INT64_MAX))
			return refuse("it has a lock of an impossible range", ret_reason);
	}
	if (file->n_locks > 0 && file->flags & O_PATH)
		return refuse("it is a mere path and has a lock", ret_reason);
	return 0;
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
	if (!owner)
		return locks_check(file, ret_reason);
	if (file->flags & O_PATH)
		return refuse("it is a mere path and has an owner", ret_reason);
	if (owner->type < F_OWNER_TID || owner->type > F_OWNER_PGRP || owner->id < 0)
		return refuse("its owner is not valid", ret_reason);
	if (owner->signal < 0 || owner->signal > SIGNAL_MAX)
		return refuse("its signal is not valid", ret_reason);
	return locks_check(file, ret_reason);
}

static int compare_number(const void *number, const void *descriptor)
{
	int fd = *(const int *)number, other = (*(Cr__Descriptor *const *)descriptor)->fd;

	return (fd > other) - (fd < other);
}

uint32_t descriptor_table_get(const Cr__DescriptorTable *table, int fd)
{
	Cr__Descriptor *const *found = NULL;

	if (table->n_descriptors > 0)
		found = bsearch(&fd, table->descriptors, table->n_descriptors, sizeof(table->descriptors[0]),
				compare_number);
	return found ? (*found)->open_file_id : 0;
}
