/* SPDX-License-Identifier: MIT */
/* Whether the files that were open can be opened again as they were, as far as that can be seen without doing
 * it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "common/printable.h"
#include "restorer/fd/fd_restorer.h"
#include "restorer/fd/given_fds.h"
#include "restorer/preflight.h"

static bool is_for_writing(uint32_t flags)
{
	return (flags & O_ACCMODE) == O_WRONLY || (flags & O_ACCMODE) == O_RDWR;
}

static bool is_for_reading(uint32_t flags)
{
	return (flags & O_ACCMODE) == O_RDONLY || (flags & O_ACCMODE) == O_RDWR;
}

/* What stands against it, NULL if nothing is known. */
static const char *find_obstacle(const struct restore *restore, const struct object *object)
{
	uint32_t flags = object->image->flags;
	struct statx facts = {0};
	int mode = (is_for_reading(flags) ? R_OK : 0) | (is_for_writing(flags) ? W_OK : 0);

	if (statx(AT_FDCWD, object->path, 0, STATX_TYPE | STATX_UID, &facts) < 0)
		return errno == ENOENT ? NULL : strerror(errno); /* a missing one is said elsewhere */
	if (is_for_writing(flags) && facts.stx_attributes & STATX_ATTR_IMMUTABLE)
		return "it is immutable (chattr -i it)";
	if (is_for_writing(flags) && facts.stx_attributes & STATX_ATTR_APPEND && !(flags & O_APPEND))
		return "it is append-only (chattr -a it)";
	if (flags & O_NOATIME && facts.stx_uid != geteuid() &&
	    !kernel_features_has_cap(&restore->features, CAP_FOWNER))
		return "it was opened with O_NOATIME, which is for its owner: run cr-restore with CAP_FOWNER";
	return faccessat(AT_FDCWD, object->path, mode, AT_EACCESS) < 0 ? strerror(errno) : NULL;
}

void preflight_open(struct restore *restore)
{
	for (size_t i = 0; i < restore->objects_count; i++) {
		const struct object *object = &restore->objects[i];
		char path[PRINTABLE_SIZE], place[64];
		const char *obstacle;

		if (!object->path || given_fds_find_path(restore, object->path) ||
		    object->image->flags & O_PATH)
			continue;
		obstacle = find_obstacle(restore, object);
		if (obstacle)
			blockers_add(&restore->blockers, "%s: '%s' cannot be opened for %s: %s",
				     object_place(restore, object, place, sizeof(place)),
				     printable(object->path, path, sizeof(path)),
				     is_for_writing(object->image->flags) ? "writing" : "reading", obstacle);
	}
}
