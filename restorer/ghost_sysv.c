/* SPDX-License-Identifier: MIT */
/* Segments of System V shared memory: the same id and key, in the IPC namespace of cr-restore. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/shm.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/log.h"
#include "common/memfd.h"
#include "restorer/ghost.h"

/* The id that the next segment gets (kernel Documentation/admin-guide/sysctl/kernel.rst). */
#define NEXT_ID_FILE "/proc/sys/kernel/shm_next_id"

static uint64_t size_of(const struct ghost *ghost)
{
	const Cr__SysvSegment *segment = ghost->image->sysv;

	return segment->size ? segment->size : ghost->image->size;
}

/* The segment that the program has left behind: nobody has it attached. */
static bool is_left(const struct ghost *ghost, const struct shmid_ds *facts)
{
	const Cr__SysvSegment *segment = ghost->image->sysv;

	return facts->shm_nattch == 0 && facts->shm_perm.__key == segment->key &&
	       facts->shm_segsz == size_of(ghost) && facts->shm_perm.cuid == segment->creator_uid;
}

void ghost_sysv_check(struct restore *restore, const struct ghost *ghost)
{
	const Cr__SysvSegment *segment = ghost->image->sysv;
	struct shmid_ds facts;
	int holder;

	if (shmctl(segment->id, IPC_STAT, &facts) == 0) {
		if (is_left(ghost, &facts))
			return;
		blockers_add(
			&restore->blockers,
			"shared memory segment %d is there already, %s (ipcs -m; ipcrm -m %d removes it)",
			segment->id, facts.shm_nattch > 0 ? "and attached by others" : "and is another one",
			segment->id);
		return;
	}
	if (segment->key == IPC_PRIVATE || segment->mode & SHM_DEST)
		return;
	holder = shmget(segment->key, 0, 0);
	if (holder >= 0 || errno != ENOENT)
		blockers_add(&restore->blockers,
			     "the key of shared memory segment %d, %#x, is that of segment %d here (ipcs -m)",
			     segment->id, (unsigned)segment->key, holder);
}

static int huge_page_flags(const struct ghost *ghost)
{
	uint64_t page_size = ghost->image->huge_page_size;

	return page_size ? (int)(SHM_HUGETLB | memfd_huge_page_flags(page_size)) : 0;
}

/* A segment that is marked for removal has lost its key. */
static int create(struct ghost *ghost)
{
	const Cr__SysvSegment *segment = ghost->image->sysv;
	char text[16];
	int id, r;

	snprintf(text, sizeof(text), "%d", segment->id);
	r = file_write_at(AT_FDCWD, NEXT_ID_FILE, text);
	if (r < 0)
		return log_error_errno(r, "cannot write %s to '%s'", text, NEXT_ID_FILE);
	id = shmget(segment->mode & SHM_DEST ? IPC_PRIVATE : segment->key, (size_t)size_of(ghost),
		    IPC_CREAT | IPC_EXCL | huge_page_flags(ghost) | 0600);
	if (id < 0)
		return log_error_errno(-errno, "cannot make shared memory segment %d", segment->id);
	if (id != segment->id) {
		shmctl(id, IPC_RMID, NULL);
		return log_error_errno(-EEXIST, "cannot make shared memory segment %d: the kernel gave %d",
				       segment->id, id);
	}
	ghost->is_segment_made = true;
	return 0;
}

static int set_permissions(const struct ghost *ghost)
{
	const Cr__SysvSegment *segment = ghost->image->sysv;
	struct shmid_ds facts;

	if (shmctl(segment->id, IPC_STAT, &facts) < 0)
		return log_error_errno(-errno, "cannot look at shared memory segment %d", segment->id);
	facts.shm_perm.uid = segment->uid;
	facts.shm_perm.gid = segment->gid;
	facts.shm_perm.mode = segment->mode & 0777;
	if (shmctl(segment->id, IPC_SET, &facts) < 0)
		return log_error_errno(-errno, "cannot set the owner of shared memory segment %d",
				       segment->id);
	if (segment->mode & SHM_LOCKED && shmctl(segment->id, SHM_LOCK, NULL) < 0)
		return log_error_errno(-errno, "cannot lock shared memory segment %d", segment->id);
	return 0;
}

/* Its contents are written like those of a file, to which only the link to a mapping leads. */
static int open_contents(struct ghost *ghost)
{
	char *memory = shmat(ghost->image->sysv->id, NULL, 0);
	uint64_t size = ALIGN_UP(ghost->image->size, MAX(ghost->image->huge_page_size, PAGE_SIZE_BYTES));
	char link[64];

	if (memory == (char *)-1)
		return log_error_errno(-errno, "cannot attach shared memory segment %d",
				       ghost->image->sysv->id);
	snprintf(link, sizeof(link), "/proc/self/map_files/%lx-%lx", (unsigned long)memory,
		 (unsigned long)(memory + size));
	ghost->made_fd = open(link, O_RDWR | O_CLOEXEC);
	if (ghost->made_fd >= 0)
		snprintf(link, sizeof(link), "/proc/self/fd/%d", ghost->made_fd);
	ghost->doors[0] = ghost->made_fd >= 0 ? open(link, O_PATH | O_CLOEXEC) : -1;
	shmdt(memory);
	return ghost->doors[0] < 0 ? log_error_errno(-errno, "cannot open the contents of segment %d",
						     ghost->image->sysv->id)
				   : 0;
}

bool ghost_sysv_is_left(const struct ghost *ghost)
{
	struct shmid_ds facts;

	return shmctl(ghost->image->sysv->id, IPC_STAT, &facts) == 0 && is_left(ghost, &facts);
}

int ghost_sysv_make(struct ghost *ghost)
{
	int r = ghost_sysv_is_left(ghost) ? 0 : create(ghost);

	if (r == 0)
		r = open_contents(ghost);
	return r < 0 ? r : set_permissions(ghost);
}

void ghost_sysv_undo(struct ghost *ghost)
{
	if (ghost->is_segment_made && shmctl(ghost->image->sysv->id, IPC_RMID, NULL) < 0)
		log_warning("cannot remove shared memory segment %d, which was made: %s",
			    ghost->image->sysv->id, strerror(errno));
	ghost->is_segment_made = false;
}

int ghost_sysv_finish(const struct ghost *ghost)
{
	const Cr__SysvSegment *segment = ghost->image->sysv;

	if (segment->mode & SHM_DEST && shmctl(segment->id, IPC_RMID, NULL) < 0)
		return log_error_errno(-errno, "cannot mark shared memory segment %d for removal",
				       segment->id);
	return 0;
}
