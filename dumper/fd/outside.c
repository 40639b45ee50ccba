/* SPDX-License-Identifier: MIT */
/* Looks through the descriptors of all processes for those that lead into the tree. */
#include "dumper/fd/outside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "common/cleanup.h"
#include "common/id_map.h"
#include "common/log.h"
#include "common/proc/proc_dir.h"
#include "dumper/fd/fd_dumper.h"
#include "dumper/fd/open_files.h"

struct search {
	struct dump *dump;
	struct id_map inodes;   /* those of all descriptions looked for, whatever their device */
	struct id_map reported; /* ids */
	size_t unreadable_count;
};

static void search_done(struct search *search)
{
	id_map_done(&search->inodes);
	id_map_done(&search->reported);
}

static int note_inodes(struct search *search)
{
	const struct dump *dump = search->dump;

	for (size_t i = 0; i < dump->open_files_count; i++) {
		const struct open_file *file = dump->open_files[i];

		if (file->kind && file->kind->is_inside_only &&
		    id_map_set(&search->inodes, file->inode, 1) < 0)
			return log_error_errno(-ENOMEM, "cannot look for who else has its files open");
	}
	return 0;
}

static bool is_inside(const struct dump *dump, pid_t pid)
{
	for (size_t i = 0; i < dump->processes_count; i++)
		if (dump->processes[i].pidref.pid == pid)
			return true;
	return pid == getpid();
}

/* FILE was met inside under another number; the first holder outside is enough. */
static int report(struct search *search, const struct open_file *file, int proc_fd,
		  const struct open_file_key *holder)
{
	char comm[PROC_COMM_SIZE] = "?";

	if (id_map_get(&search->reported, file->image.id, NULL))
		return 0;
	if (id_map_set(&search->reported, file->image.id, 1) < 0)
		return log_error_errno(-ENOMEM, "cannot look for who else has its files open");
	(void)!proc_read_comm(proc_fd, comm);
	LOG_SCOPE("pid %d (%s)", (int)file->process->pidref.pid, file->process->status.name);
	LOG_SCOPE("fd %d", file->fd);
	blockers_add(
		&search->dump->blockers,
		"its %s is open in process %d (%s) as well, as fd %d there, which is not part of the dump: "
		"end that process, or start the program without the descriptor",
		file->kind->name, (int)holder->pid, fd_info_printable(comm, &search->dump->arena),
		holder->fd);
	return 0;
}

static int look_at(struct search *search, int proc_fd, pid_t pid, int fd)
{
	struct open_file_key key = {.pid = pid, .fd = fd};
	const struct open_file *file;
	struct statx stx;
	uint32_t id = 0;
	char path[32];

	/* What the kernel has at hand: a file server that does not answer must not hold us up. */
	snprintf(path, sizeof(path), "fd/%d", fd);
	if (statx(proc_fd, path, AT_STATX_DONT_SYNC, STATX_INO, &stx) < 0 ||
	    !id_map_get(&search->inodes, stx.stx_ino, NULL))
		return 0;
	key.inode = stx.stx_ino;
	key.device = makedev(stx.stx_dev_major, stx.stx_dev_minor);
	/* It may have gone meanwhile, which is as well. */
	if (open_files_find(search->dump, &key, &id) < 0 || id == 0)
		return 0;
	file = search->dump->open_files[id - 1];
	return file->kind && file->kind->is_inside_only ? report(search, file, proc_fd, &key) : 0;
}

static int look_into(struct search *search, pid_t pid)
{
	cleanup_close int proc_fd = -EBADF;
	cleanup_free int *fds = NULL;
	size_t count;
	int r = proc_open(pid, &proc_fd);

	if (r == 0)
		r = proc_list_numbers(proc_fd, "fd", &fds, &count);
	if (r == -EACCES || r == -EPERM)
		search->unreadable_count++;
	if (r < 0)
		return 0;
	for (size_t i = 0; i < count; i++) {
		r = look_at(search, proc_fd, pid, fds[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

int outside_check(struct dump *dump)
{
	cleanup_(search_done) struct search search = {.dump = dump};
	cleanup_free int *pids = NULL;
	size_t count;
	int r = note_inodes(&search);

	if (r < 0 || search.inodes.count == 0)
		return r;
	r = proc_list_numbers(AT_FDCWD, "/proc", &pids, &count);
	if (r < 0)
		return log_error_errno(r, "cannot list the processes");
	for (size_t i = 0; i < count; i++) {
		if (is_inside(dump, pids[i]))
			continue;
		r = look_into(&search, pids[i]);
		if (r < 0)
			return r;
	}
	if (search.unreadable_count > 0)
		log_notice(
			"%zu processes of other users may not be looked into: whether they have files of the "
			"program open is not known",
			search.unreadable_count);
	return 0;
}
