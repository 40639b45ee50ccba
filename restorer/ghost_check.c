/* SPDX-License-Identifier: MIT */
/* Whether ghosts can be made on this host. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/id_map.h"
#include "common/log.h"
#include "common/memfd.h"
#include "common/printable.h"
#include "restorer/ghost.h"
#include "restorer/writable_tree.h"

/* Of cr-restore at the same time, mapped files apart: as many as objects.c has in hand, and some. */
#define DESCRIPTORS_FOR_OTHERS 256

/* How much is to be written to each file system, by st_dev. */
struct demand {
	struct restore *restore;
	struct id_map bytes;
};

static void demand_done(struct demand *demand)
{
	id_map_done(&demand->bytes);
}

static void check_rights(struct restore *restore, const Cr__Ghost *image, const char *name)
{
	const struct kernel_features *features = &restore->features;
	bool is_device = S_ISCHR(image->mode) || S_ISBLK(image->mode);

	if (is_device && !kernel_features_has_cap(features, CAP_MKNOD))
		blockers_add(&restore->blockers, "the deleted device '%s': run cr-restore with CAP_MKNOD",
			     name);
	if ((image->uid != geteuid() || image->gid != getegid()) &&
	    !kernel_features_has_cap(features, CAP_CHOWN))
		blockers_add(&restore->blockers,
			     "the deleted file '%s' belongs to user %u, group %u: run cr-restore with "
			     "CAP_CHOWN",
			     name, image->uid, image->gid);
	if (image->flags & (FS_IMMUTABLE_FL | FS_APPEND_FL) &&
	    !kernel_features_has_cap(features, CAP_LINUX_IMMUTABLE))
		blockers_add(&restore->blockers,
			     "the deleted file '%s' is immutable or append-only: run cr-restore with "
			     "CAP_LINUX_IMMUTABLE",
			     name);
}

static void check_room(struct demand *demand, const Cr__Ghost *image, const char *name, const char *directory,
		       dev_t device)
{
	struct restore *restore = demand->restore;
	uint64_t needed = 0, available;
	struct statvfs facts;

	(void)id_map_get(&demand->bytes, device, &needed);
	needed += ghost_contents_size(image);
	if (id_map_set(&demand->bytes, device, needed) < 0)
		restore->blockers.is_incomplete = true;
	if (statvfs(directory, &facts) < 0)
		return;
	available = (uint64_t)facts.f_bavail * facts.f_frsize;
	if (needed > available)
		blockers_add(&restore->blockers,
			     "the deleted file '%s' does not fit: the file system of '%s' has %" PRIu64
			     " bytes left, and %" PRIu64 " are needed",
			     name, directory, available, needed);
}

static bool is_hugetlbfs(const char *directory, uint64_t page_size)
{
	cleanup_close int fd = open(directory, O_PATH | O_CLOEXEC);

	return fd >= 0 && memfd_huge_page_size(fd) == page_size;
}

/* Also a directory that is mounted read-only, where the file system itself is not. */
static int check_writable(const char *directory)
{
	cleanup_close int tree_fd = -EBADF;

	if (faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) == 0)
		return 0;
	return errno == EROFS ? writable_tree_open(directory, &tree_fd) : -errno;
}

static void check_ghost(struct demand *demand, const struct ghost *ghost)
{
	struct restore *restore = demand->restore;
	const Cr__Ghost *image = ghost->image;
	char name[PRINTABLE_SIZE], place[PATH_MAX], directory[PATH_MAX], printed[PRINTABLE_SIZE];
	struct statvfs facts;
	struct stat st;
	int r;

	if (image->origin == CR__GHOST_ORIGIN__GHOST_SYSV) {
		ghost_sysv_check(restore, ghost);
		return;
	}
	if (image->handle)
		ghost_handle_check(restore, ghost);
	if (image->origin == CR__GHOST_ORIGIN__GHOST_MEMFD || !ghost_is_stored(image) ||
	    image->origin == CR__GHOST_ORIGIN__GHOST_SHARED_MEMORY)
		return;
	ghost_name(ghost, name, sizeof(name));
	check_rights(restore, image, name);
	ghost_place(ghost, 0, place);
	r = ghost_find_directory(place, directory, &st);
	printable(directory, printed, sizeof(printed));
	if (r == 0)
		r = check_writable(directory);
	if (r < 0) {
		blockers_add(&restore->blockers,
			     "the deleted file '%s' cannot be made again for a moment in '%s': %s", name,
			     printed, strerror(-r));
		return;
	}
	if (image->huge_page_size != 0 && !is_hugetlbfs(directory, image->huge_page_size))
		blockers_add(&restore->blockers,
			     "the deleted file '%s' is made of huge pages of %ju KiB, and '%s' is not on a "
			     "hugetlbfs that has these",
			     name, (uintmax_t)image->huge_page_size / 1024, printed);
	if (ghost->is_executed && statvfs(directory, &facts) == 0 && facts.f_flag & ST_NOEXEC)
		blockers_add(&restore->blockers,
			     "the deleted program file '%s' cannot be run from '%s', which is mounted with "
			     "noexec",
			     name, printed);
	/* How much a hugetlbfs has left it does not tell; preflight_huge() looks at the pool. */
	if (image->huge_page_size == 0)
		check_room(demand, image, name, printed, st.st_dev);
}

/* All of them are open until the end of the restore. */
static void check_descriptors(struct restore *restore)
{
	uint64_t needed = DESCRIPTORS_FOR_OTHERS;
	struct rlimit limit;

	for (size_t i = 0; i < restore->ghosts_count; i++) {
		const struct ghost *ghost = &restore->ghosts[i];
		bool is_kept_open = ghost->image->origin != CR__GHOST_ORIGIN__GHOST_DELETED;

		needed += ghost->image->n_paths + ghost->openings_count + is_kept_open;
	}
	if (restore->ghosts_count > 0 && getrlimit(RLIMIT_NOFILE, &limit) == 0 && needed > limit.rlim_max)
		blockers_add(&restore->blockers,
			     "the program has %zu deleted files, for which %" PRIu64
			     " descriptors are needed: raise the hard limit (ulimit -Hn), which is %ju",
			     restore->ghosts_count, needed, (uintmax_t)limit.rlim_max);
}

void ghosts_check(struct restore *restore)
{
	cleanup_(demand_done) struct demand demand = {.restore = restore};

	check_descriptors(restore);
	for (size_t i = 0; i < restore->ghosts_count; i++)
		check_ghost(&demand, &restore->ghosts[i]);
}
