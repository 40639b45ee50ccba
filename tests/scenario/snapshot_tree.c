/* SPDX-License-Identifier: MIT */
/* Snapshots of a tree: all processes, their places in it, and what they share. */
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "common/file.h"
#include "common/proc/proc_dir.h"
#include "common/proc/stat.h"
#include "common/proc/status.h"
#include "common/vector.h"
#include "process_tree.h"
#include "snapshot_parts.h"

static bool is_shared(pid_t pid, pid_t other, int type, int fd, int other_fd)
{
	return syscall(SYS_kcmp, pid, other, type, fd, other_fd) == 0;
}

/* With which descriptor before it this one shares its open file description. */
static int add_fd(struct snapshot *snapshot, pid_t pid, int fd)
{
	cleanup_free char *path = string_format("/proc/%d/fd/%d", (int)pid, fd);
	cleanup_free char *target = NULL;
	struct snapshot_fd *slot;
	int r = path ? file_readlink_at(AT_FDCWD, path, &target) : -ENOMEM;

	if (r < 0)
		return r == -ENAMETOOLONG ? 0 : r;
	for (size_t i = 0; i < snapshot->fds_count; i++) {
		const struct snapshot_fd *other = &snapshot->fds[i];

		if (strcmp(other->target, target) == 0 &&
		    is_shared(pid, other->pid, KCMP_FILE, fd, other->fd))
			return snapshot_add_line(snapshot, "%s: shared with fd %d of %d", path, other->fd,
						 (int)other->pid);
	}
	slot = vector_append(snapshot, fds);
	if (!slot)
		return -ENOMEM;
	*slot = (struct snapshot_fd){.pid = pid, .fd = fd, .target = take_ptr(target)};
	return 0;
}

static int add_fds(struct snapshot *snapshot, pid_t pid)
{
	cleanup_free char *path = string_format("/proc/%d/fd", (int)pid);
	cleanup_free int *fds = NULL;
	size_t count = 0;
	int r = path ? proc_list_numbers(AT_FDCWD, path, &fds, &count) : -ENOMEM;

	for (size_t i = 0; i < count && r == 0; i++)
		r = add_fd(snapshot, pid, fds[i]);
	return r;
}

/* Of one that has exited only what its parent can be told. */
static int add_zombie(struct snapshot *snapshot, const struct stat_info *stat, const struct status *status)
{
	return snapshot_add_line(snapshot,
				 "/proc/%d/status: '%s' has ended with %#x, exit signal %d, real ids %u %u, "
				 "in group %d of session %d",
				 stat->pid, stat->comm, (unsigned int)stat->exit_code, stat->exit_signal,
				 status->uids[0], status->gids[0], stat->pgid, stat->sid);
}

/* Which thread is its parent shows in the list of that one's children. */
static int add_place(struct snapshot *snapshot, pid_t pid, pid_t parent)
{
	return snapshot_add_line(snapshot, "/proc/%d: child of %d; shared with it:%s%s%s%s", (int)pid,
				 (int)parent, is_shared(pid, parent, KCMP_VM, 0, 0) ? " memory" : "",
				 is_shared(pid, parent, KCMP_FILES, 0, 0) ? " descriptors" : "",
				 is_shared(pid, parent, KCMP_FS, 0, 0) ? " directories" : "",
				 is_shared(pid, parent, KCMP_SIGHAND, 0, 0) ? " handlers" : "");
}

static int add_member(struct snapshot *snapshot, pid_t pid, bool is_root)
{
	cleanup_(status_done) struct status status = {0};
	cleanup_close int proc_fd = -EBADF;
	struct stat_info stat;
	int r = proc_open(pid, &proc_fd);

	if (r == 0)
		r = stat_read(proc_fd, &stat);
	if (r == 0)
		r = status_read(proc_fd, &status);
	if (r == 0 && !is_root)
		r = add_place(snapshot, pid, stat.ppid);
	if (r < 0)
		return r;
	if (stat.state == 'Z' && stat.threads_count <= 1)
		return add_zombie(snapshot, &stat, &status);
	r = snapshot_add_process(snapshot, pid);
	return r < 0 ? r : add_fds(snapshot, pid);
}

int snapshot_take(pid_t root, struct snapshot **ret_snapshot)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
	cleanup_free pid_t *pids = NULL;
	size_t count = 0;
	int r;

	*ret_snapshot = snapshot;
	if (!snapshot)
		return -ENOMEM;
	r = process_tree_list(root, &pids, &count);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = add_member(snapshot, pids[i], pids[i] == root);
	return r < 0 ? r : snapshot_number_pipes_and_sockets(snapshot);
}
